"""The demo's topic tree, products and canned answers."""

from __future__ import annotations

# code, name, children; leaves are what cases are filed under
TOPICS: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    ("feed", "饲料", (
        ("feed-look", "外观与结块"), ("feed-intake", "采食量"), ("feed-growth", "长势与料肉比"),
        ("feed-use", "用法用量"), ("feed-smell", "气味与霉变"), ("feed-short", "短斤少两"),
    )),
    ("vet", "疫病与用药", (("vet-scour", "腹泻"), ("vet-cough", "咳嗽发热"), ("vet-vaccine", "免疫程序"), ("vet-residue", "停药期"))),
    ("equipment", "设备", (
        ("equip-climate", "环控器"), ("equip-line", "料线"), ("equip-milk", "挤奶机"), ("equip-water", "水线"),
        ("equip-scale", "料塔称重"), ("equip-tag", "耳标与读卡"), ("equip-install", "安装调试"),
    )),
    ("orders", "订单", (("order-delay", "到货延误"), ("order-wrong", "送错规格"), ("order-change", "改单退单"), ("order-papers", "检疫与单据"))),
    ("money", "结算", (("money-rebate", "返利"), ("money-invoice", "发票"), ("money-account", "对账"), ("money-credit", "账期额度"))),
    ("service", "服务", (("service-praise", "表扬"), ("service-manner", "服务态度"), ("service-idea", "建议"))),
)  # fmt: skip

# Of the topics that are about a device; all others are about feed (see `herds`).
PRODUCTS = {
    "equip-climate": ("EC-300 环控器", "EC-500 环控器"),
    "equip-line": ("LX-60 料线", "LX-80 料线"),
    "equip-milk": ("MK-12 挤奶机", "MK-24 挤奶机"),
    "equip-water": ("WT-8 水线",),
    "equip-scale": ("TS-20 料塔秤",),
    "equip-tag": ("RF-2 读卡器",),
    "equip-install": (
        "EC-300 环控器",
        "EC-500 环控器",
        "LX-60 料线",
        "LX-80 料线",
        "WT-8 水线",
        "TS-20 料塔秤",
    ),
}

CANNED = (
    (
        "请稍等，正在核实",
        "您好，您说的情况我们记下了，正在和{{team}}核实，今天内给您答复。进度在这里看：{{link}}",
    ),
    ("索要照片与批号", "您好，麻烦把料袋上的批号和结块处各拍一张照片发来，我们马上安排核对留样。"),
    ("上门约时间", "您好，工程师可以到您场里看一下，您看明天上午还是下午方便？到场前一小时会打您电话。"),
    ("对账差额说明", "您好，差额已经查到，是月底最后一车次月入账所致，明细附在后面，请您核对。"),
    ("结案前确认", "您好，这件事我们这边已经处理完，您看看还有没有没解决的地方？没有的话我们就结单了。"),
)
