"""Who the demo department is: an invented livestock company, its people, and how its customers are called.

All names are made up from lists of common syllables; none means a real person or farm.
"""

from __future__ import annotations

from dataclasses import dataclass

ORGANISATION = "丰澜牧业"
MAIL_DOMAIN = "fenglan.example.com"
SERVICE_MAIL = f"service@{MAIL_DOMAIN}"


@dataclass(frozen=True, slots=True)
class DemoTeam:
    code: str
    name: str
    department: str = "service"


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """`pace` scales how fast he answers (1 = usual), `care` the share of small promises he keeps in mind."""

    login: str
    name: str
    title: str
    roles: tuple[str, ...]
    teams: tuple[str, ...] = ()
    leads: bool = False
    pace: float = 1.0
    care: float = 0.95


TEAMS = (
    DemoTeam("feed", "饲料与营养"),
    DemoTeam("equipment", "养殖设备"),
    DemoTeam("orders", "订单与结算"),
    DemoTeam("lab", "化验与品控", "tech"),
    DemoTeam("logistics", "物流", "logistics"),
)

ROLES = (("management", "公司管理层"),)
"""What the regulation calls for beside the roles of every installation: who approves its changes."""

PEOPLE = (
    DemoPerson("zhaoliqun", "赵立群", "服务总监", ("director", "management")),
    DemoPerson("jiangyue", "蒋悦", "客服经理", ("manager",)),
    DemoPerson("admin", "管理员", "系统管理员", ("admin",)),
    DemoPerson("zhoumin", "周敏", "客服主管", ("supervisor",), ("feed",), True),
    DemoPerson("luzhengping", "陆正平", "客服主管", ("supervisor",), ("equipment",), True),
    DemoPerson("hanxue", "韩雪", "客服主管", ("supervisor",), ("orders",), True),
    DemoPerson("linxiaoyu", "林晓雨", "客服专员", ("agent",), ("feed",), pace=0.8, care=0.98),
    DemoPerson("chenhaitao", "陈海涛", "资深客服", ("senior_agent",), ("feed",), pace=0.9, care=0.97),
    DemoPerson("suwan", "苏婉", "客服专员", ("agent",), ("feed",), pace=1.0),
    DemoPerson("wutong", "吴桐", "客服专员", ("agent",), ("feed",), pace=1.5, care=0.88),
    DemoPerson("majunhui", "马俊辉", "客服专员", ("agent",), ("feed",), pace=1.1),
    DemoPerson("dengqiao", "邓巧", "客服专员", ("agent",), ("feed",), pace=1.0),
    DemoPerson("hezhiyuan", "何志远", "技术支持", ("tech_support",), ("equipment",), pace=0.9, care=0.96),
    DemoPerson("jinkai", "金凯", "客服专员", ("agent",), ("equipment",), pace=1.2, care=0.92),
    DemoPerson("maten", "马腾", "客服专员", ("agent",), ("equipment",), pace=1.6, care=0.85),
    DemoPerson("zhengyaqin", "郑雅琴", "资深客服", ("senior_agent",), ("equipment",), pace=0.8, care=0.98),
    DemoPerson("gaoyang", "高洋", "技术支持", ("tech_support",), ("equipment",), pace=1.0),
    DemoPerson("pengrui", "彭睿", "客服专员", ("agent",), ("equipment",), pace=1.1),
    DemoPerson("caojing", "曹静", "客服专员", ("agent",), ("orders",), pace=0.9, care=0.97),
    DemoPerson("liangchen", "梁晨", "客服专员", ("agent",), ("orders",), pace=1.0),
    DemoPerson("fanglei", "方蕾", "资深客服", ("senior_agent",), ("orders",), pace=0.8, care=0.98),
    DemoPerson("shaopeng", "邵鹏", "客服专员", ("agent",), ("orders",), pace=1.4, care=0.9),
    DemoPerson("wanqi", "万琪", "客服专员", ("agent",), ("orders",), pace=1.0),
    DemoPerson("xiongwei", "熊伟", "客服专员", ("agent",), ("orders",), pace=1.2),
    DemoPerson("jiaoyan", "焦妍", "只读", ("viewer",)),
    DemoPerson("songqi", "宋琪", "品控经理", ("dept_head",), ("lab",), True),
    DemoPerson("lubin", "卢斌", "化验员", ("dept_member",), ("lab",), pace=0.9, care=0.93),
    DemoPerson("qinfeng", "秦峰", "物流经理", ("dept_head",), ("logistics",), True),
    DemoPerson("yuanmeng", "袁梦", "调度员", ("dept_member",), ("logistics",), pace=1.1, care=0.86),
)

SURNAMES = (
    "王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢"
    "姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
GIVEN_ONE = "伟强磊军勇杰涛超明刚平辉鹏斌波宇浩凯健俊玲丽敏静霞燕艳娟英华慧巧梅芳兰云洁红琴萍莉"
GIVEN_TWO = (
    "建国 建军 志强 志刚 永福 永强 大勇 大山 德厚 德胜 春生 春梅 秋菊 秀英 秀兰 桂英 桂兰 玉梅 玉兰 素芬 素珍 "
    "立新 立民 长顺 长河 福来 福生 国栋 国庆 海波 海生 红霞 金花 金锁 来喜 老根 满仓 庆丰 守田 树林 双喜 铁柱 "
    "文博 文静 喜凤 晓峰 晓燕 兴旺 雪梅 学文 耀祖 银环 有才 玉柱 占山 振华 正阳 忠良 子涵 宗林 家豪 明远 思源"
).split()
FARM_KINDS = (
    "{s}家养殖场", "{p}家庭农场", "{p}生猪养殖合作社", "{p}奶牛合作社", "{p}蛋鸡专业合作社", "{s}家牧业",
    "{p}生态农业有限公司", "{p}种猪场", "{p}肉牛育肥场", "{p}种鸡场", "{p}养殖有限公司",
)  # fmt: skip
FARM_PLACES = (
    "青岗 临河 沙河 西坡 田家湾 大青山 白杨沟 柳树营 石桥 东岭 南塘 北洼 双河 龙泉 杏花村 桃园 清水 红旗 胜利 兴旺 "
    "丰收 金穗 绿源 康源 瑞丰 鑫源 百顺 安泰 长青 望海 云岭 凤凰 卧牛山 三岔口 新庄 老河口"
).split()
REGIONS = (
    "河南 周口 西华|河南 周口 扶沟|河南 商丘 虞城|河南 驻马店 上蔡|河南 南阳 唐河|河南 新乡 封丘|山东 菏泽 曹县|"
    "山东 德州 禹城|山东 临沂 沂南|安徽 亳州 涡阳|安徽 阜阳 太和|安徽 宿州 灵璧|河北 邯郸 大名|河北 石家庄 藁城|"
    "江苏 徐州 睢宁|江苏 宿迁 沭阳|湖北 襄阳 枣阳|湖北 荆州 监利|山西 运城 临猗|陕西 渭南 蒲城"
).split("|")
TITLES = ("场长", "老板", "技术员", "会计", "采购", "厂长", "饲养员", "合伙人", "")
