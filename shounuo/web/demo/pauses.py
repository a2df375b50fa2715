"""What the demo's matters wait for: the customer and what he then says, colleagues, and what other departments are asked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pause:
    """`customer`: (what he is waited for, what he then writes); `within`: what colleagues are waited for; `asks`: (team,
    question, answer), nobody is asked where there is none."""

    customer: tuple[tuple[str, str], ...]
    within: tuple[str, ...]
    asks: tuple[tuple[str, str, str], ...] = ()


_LAB = ("lab", "请化验这批料的留样：水分、霉菌，今天要结果", "水分 13.9%，霉菌未检出，合格。")
_HARD = ("lab", "请看留样的颗粒硬度，客户说剩料多", "硬度偏高但在标准内，建议过渡喂。")
_COVER = ("logistics", "请查当天送货车的篷布，有没有淋雨记录", "车厢监控看过，途中下过雨，篷布右后角破损。")
_CAR = ("logistics", "请查这张单子的车现在到哪，几点能到", "车在路上，下午三点前到。")
_COUNT = ("logistics", "请核对签收单上的件数", "签收单核对过，少装一件，今天补发。")
_LOG = ("lab", "请看控制器日志，夜里掉线是什么原因", "固件旧版丢心跳，已远程升级。")
_PARTS = ("logistics", "请查备件到哪了，最快几点能到场", "备件在中转站，明早第一趟车送到。")
_VISIT = (
    ("等客户定上门时间", "后天上午场里有人，师傅那时候来就行。"),
    ("等客户拍铭牌照片", "铭牌擦干净拍了两张，编号看得清。"),
)

LOOKS = Pause(
    (
        ("等客户寄来样品", "样品今天寄出了，单号发您微信了。"),
        ("等客户发批号照片", "批号和料都拍了，发您微信了。"),
    ),
    ("等化验结果", "等物流查篷布"),
    (_LAB, _COVER),
)
EATS = Pause(
    (
        ("等客户试喂三天", "按您说的喂了三天，采食回来了一些，还差一点。"),
        ("等客户发称重表", "称重表填好了，拍给您了，您看看够不够。"),
    ),
    ("等营养师看数据",),
    (_HARD, _LAB),
)
USE = Pause((("等客户报存栏数", "存栏数发您了，按这个算就行。"),), ("等营养师看数据",))
HEALTH = Pause((("等客户观察两天", "这两天好多了，没有新发的。"),), ("等兽医老师看视频",))
PAPERS = Pause((("等客户发用药记录", "用药记录整理好了，发您邮箱了。"),), ("等兽医老师核对",))
WEIGHED = Pause((("等客户发磅单", "磅单和行车记录都拍了，您看看。"),), ("等仓库查装车录像",), (_COUNT,))
CLIMATE = Pause(
    (*_VISIT, ("等客户观察两天", "这两天没再报警，夜里还有一次掉线。")),
    ("等备件到货", "等厂家回话", "等工程师排期"),
    (_LOG, _PARTS),
)
DEVICE = Pause(_VISIT, ("等备件到货", "等厂家回话", "等工程师排期"), (_PARTS,))
INSTALL = Pause((_VISIT[0],), ("等工程师排期",))
DELIVERY = Pause(
    (("等客户定收货时间", "周四下午两点以后都行，别赶饭点。"),), ("等车队排车", "等仓库盘点"), (_CAR,)
)
WRONG = Pause(
    (("等客户定收货时间", "明早六点场里有人，随时卸。"),), ("等仓库盘点", "等车队排车"), (_COUNT, _CAR)
)
CERTIFICATE = Pause((("等客户补盖章件", "盖好章了，扫描件发您邮箱，原件快递走了。"),), ("等发证站更正",))
ACCOUNT = Pause((("等客户核对对账单", "对账单看了，就差一笔，其他没问题。"),), ("等财务核账",), (_COUNT,))
INVOICE = Pause((("等客户发开票资料", "全称、税号和开户行都发您邮箱了。"),), ("等财务开票",))
CREDIT = Pause((("等客户补盖章件", "申请书盖好章了，扫描件发您邮箱。"),), ("等财务会签",))
WORD = Pause((("等客户回话", "没别的了，就是这个意思，你们看着办。"),), ("等主管回话",))
