"""What regulations call the things that a rule names: roles, kinds of case, channels, metrics, fields, grants.

Tables of patterns and codes, tried in order, longest wording first. What no table knows gets a code made of its
pinyin: mechanical, so that the same wording always gives the same code, and never a guess at a known one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

ROLES: tuple[tuple[str, str], ...] = (
    ("总经理|公司负责人|院长|行长", "general_manager"),
    ("服务总监|客服总监|客户服务总监|运营总监|总监", "director"),
    ("管理层|公司领导|分管领导", "management"),
    ("内部监督小组|监督小组|监督组", "supervision_group"),
    ("流程优化小组", "process_team"),
    ("技术负责人", "tech_lead"),
    ("团队负责人|小组长|组长|班组长|班长", "team_leader"),
    ("(?:部门|单位|科室)?(?:负责人|主管领导)|(?:部门|科室)主任|部门经理", "dept_head"),
    ("客户经理|大客户经理", "account_manager"),
    ("客服主管|服务主管|值班主管|主管", "supervisor"),
    ("客服经理|服务经理|值班经理|项目经理|店长|经理", "manager"),
    ("资深客服(?:专员|人员)?|高级客服(?:专员)?", "senior_agent"),
    ("技术支持(?:工程师|人员)?|技术工程师|支持工程师", "tech_support"),
    ("(?:售后|现场|维修|安装)工程师|(?:维修|抢修|装维|检修|安装)(?:人员|师傅)", "field_engineer"),
    ("质检(?:专员|人员|员|岗)?", "qa"),
    ("培训师|讲师|培训专员", "trainer"),
    ("知识编辑|知识管理员", "editor"),
    ("排班(?:专员|员)", "planner"),
    ("人力资源部?|人事部?", "hr"),
    ("法务部?|法律部", "legal"),
    ("财务(?:部门?)?", "finance"),
    ("市场部门?", "marketing"),
    ("产品部门?", "product"),
    ("物流部门?", "logistics"),
    ("技术部门?|研发部门?", "tech"),
    (
        "客服(?:专员|人员|代表|坐席|座席|员)|(?:一线|前台)(?:客服|人员|员工)?|客服(?=可|有权|自行|当场|跟进|介入)|坐席|座席|话务员|接线员|服务员|服务人员|前台|首接人",
        "agent",
    ),
)
_ROLE = re.compile("|".join(f"(?P<r{i}>{words})" for i, (words, _code) in enumerate(ROLES)))

KINDS: tuple[tuple[str, str], ...] = (
    ("(?:投诉|申诉|举报)(?!人|电话|箱|率|渠道|中心|科|办(?!结|理|完))", "complaint"),
    (
        "报修|报障|障碍申告|障碍(?!修|排|处)|返修|退换货|退货|换货|退费|退款|售后(?!工|专|人|部)|维修(?!完|结|单|人|工|师|质|后|费|费用|计划|方案|进度|时)",
        "aftersales",
    ),
    ("咨询|查询|问询|询问", "inquiry"),
    ("(?<![货修款费保])申请(?!人|表|复议)|求助|请求(?!后)|查件|预约", "request"),
    ("建议", "suggestion"),
    ("表扬|感谢信", "praise"),
)
_THING = r"(?:类?(?:投诉|申诉|报修|报障|维修|故障|事故|障碍|意见|问题|事项|工单|咨询|诉求|案件|件))"
FACTS: tuple[tuple[str, str, str], ...] = (
    (
        "channel",
        "phone",
        r"热线(?!中心|办|平台)|来电|(?<!回)电话(?!回访|联系|告知|通知|预约|回复|确认|号码|、|或|致歉|沟通)|致电",
    ),
    ("channel", "chat", r"在线(?:咨询|客服|会话|聊天)|[线网]上(?:咨询|客服|会话)|网络咨询|网聊"),
    ("channel", "mail", r"(?:电子)?邮件|电邮|邮箱"),
    ("channel", "wechat", r"微信(?!群)|公众号"),
    ("channel", "social", r"社交媒体|社媒|微博|抖音|小红书"),
    ("channel", "visit", r"来访|到访|窗口咨询|现场咨询"),
    ("channel", "letter", r"信函|来信|来函"),
    ("severity", "major", rf"重大.{{0,4}}?{_THING}"),
    ("severity", "serious", rf"(?:严重|较大).{{0,2}}?{_THING}"),
    ("severity", "general", r"(?:一般|普通)(?:性)?(?:投诉|申诉|报修|报障|维修|故障|事故|障碍|意见|案件)"),
    ("priority", "urgent", rf"(?:紧急|加急|特急).{{0,1}}?{_THING}"),
    ("complexity", "complex", rf"(?:疑难)?复杂.{{0,1}}?{_THING}|疑难.{{0,1}}?{_THING}"),
    ("complexity", "simple", rf"简单.{{0,1}}?{_THING}"),
    ("complexity", "general", r"(?:一般|普通)(?:性)?(?:问题|咨询|工单|事项|诉求)"),
    ("level", "L1", r"L1|(?:一级|1级)(?=工单|问题|故障|事件)"),
    ("level", "L2", r"L2|(?:二级|2级)(?=工单|问题|故障|事件)"),
    ("level", "L3", r"L3|(?:三级|3级)(?=工单|问题|故障|事件)"),
    ("segment", "vip", r"VIP|贵宾客户|重点客户"),
    *(("kind", code, words) for words, code in KINDS),
)
"""Fact, value, wording: what narrows a promise down to some cases."""
_FACTS = tuple((fact, value, re.compile(words)) for fact, value, words in FACTS)

METRICS: tuple[tuple[str, str], ...] = (
    ("当日一次(?:性)?解决率", "same_day_fcr"),
    ("一次(?:性)?解决率|首次(?:接触)?解决率|FCR", "fcr"),
    ("满意度(?:得分|评分)?|满意率|CSAT", "csat"),
    ("净推荐值(?:NPS)?|NPS", "nps"),
    ("首次?响应(?:时长|时间)|首响", "first_response_time"),
    ("(?:平均)?响应(?:时长|时间)", "response_time_avg"),
    ("排队(?:等候|等待)?(?:时长|时间)|等[候待](?:时长|时间)", "queue_time"),
    ("放弃率", "abandon_rate"),
    ("(?:平均)?(?:解决|办结|处理)(?:时长|时间)", "resolution_time"),
    ("升级率", "escalation_rate"),
    ("转人工率", "bot_handover_rate"),
    ("重开率|重复打开率", "reopen_rate"),
    ("差错率", "service_error_rate"),
    ("参评率|评价率", "survey_answer_rate"),
    ("(?:SLA|时限)?达成率|守诺率|按时(?:办结)?率|及时(?:办结)?率(?=$)", "kept_share"),
    ("投诉率", "complaint_rate"),
    ("重大投诉(?:量|数|件数)?", "major_complaint_count"),
    ("(?:投诉|申诉)(?:量|数量?|件数|工单|案件)?", "complaint_count"),
    ("咨询量?环比(?:增长|增幅|上升)(?:率)?", "enquiry_volume_growth"),
    ("转派率", "transfer_rate"),
    ("回访及时率", "followup_on_time_rate"),
    ("不满意率", "dissatisfied_rate"),
    ("结案率", "resolution_ratio"),
    ("投诉属实率", "complaint_justified_rate"),
    ("质检得分", "qa_score"),
    ("复购率", "repurchase_rate"),
    ("退款(?:周期|时长|时间)", "refund_cycle_time"),
    ("系统可用率|可用率", "system_availability"),
    ("记录完整率", "record_complete_rate"),
    ("蓝色预警天数", "blue_alarm_days"),
)
"""Metrics whose wording ends a phrase; a phrase that adds to it (15秒接通率) stays a metric of its own."""
_PLAIN_METRICS = tuple((re.compile(f"(?:{words})$"), code) for words, code in METRICS)
_GENERAL = (
    r"(?:月度|季度|年度|全年|当月|当日|单日|单月|同类|某类|客户|用户|业主|患者|旅客|群众|宾客|学员|居民|市民|家长|师生|会员|保户|就餐|顾客"
    r"|服务|热线|电话|平均|日均|总体|综合|整体|月|日|的|总)*"
)
_WHOLE = re.compile(f"^{_GENERAL}$")
_HEAD = re.compile(f"^{_GENERAL}(?=.{{3}})")

FIELDS: tuple[tuple[str, str], ...] = (
    ("根因|根本原因|问题原因", "root_cause"),
    ("解决方案|处理方案|方案", "solution"),
    ("验证方式", "verification_method"),
    ("(?:客户|用户|业主|患者|旅客|顾客|保户)?(?:姓名|名称)", "customer_name"),
    ("联系(?:方式|电话|号码|手机)|联络电话|手机号码?|电话(?:号码)?", "contact"),
    ("订单号|产品型号|产品型号或订单号", "product_or_order"),
    ("客户反馈|用户反馈|反馈意见", "customer_feedback"),
    ("处理结果|处理经过|处理过程|处理措施", "handling"),
    ("处理人|经办人", "handler"),
    ("(?:问题|故障)描述|反映(?:事项|问题)|问题", "problem"),
    ("(?:投诉|诉求|咨询|通话)内容", "content"),
    ("预计(?:完成|解决|处理)?时间", "expected_time"),
    ("地区|区域", "region"),
    ("满意度|(?:客户|患者|用户|业主)满意度", "satisfaction"),
    ("时间|服务时间", "time"),
    ("地点|服务地点|地址", "place"),
)
_FIELDS = tuple((re.compile(words), code) for words, code in FIELDS)

ACTIVITIES: tuple[tuple[str, str], ...] = (
    ("复盘会", "data_review_meeting"),
    ("投诉.{0,4}(?:分析|案例)会", "complaint_case_meeting"),
    ("巡检|巡查", "site_inspection"),
    ("(?:业务|技能|服务|技术)?培训", "skill_training"),
    ("(?:监督)?检查", "supervision_inspection"),
    ("(?:绩效)?考核", "performance_appraisal"),
    ("归档", "record_archiving"),
    ("(?:质量)?分析报告", "service_quality_report"),
    ("满意度(?:调查|问卷|回访)", "satisfaction_survey"),
    ("(?:抽查|抽检|抽听)", "quality_sampling"),
    ("(?:例会|晨会)", "regular_meeting"),
    ("走访|拜访|回访|联系", "customer_visit"),
)
_ACTIVITIES = tuple((re.compile(words), code) for words, code in ACTIVITIES)

GRANTS: tuple[tuple[str, str], ...] = (
    ("免费维修", "free_repair"),
    ("延长保修|延保", "extended_warranty"),
    ("维修费", "repair_cost"),
    ("手续费减免|减免", "fee_waiver"),
    ("退费|退款", "refund"),
    ("补偿|赔偿|赔付|慰问金|理赔|先行赔", "compensation"),
)
_GRANTS = tuple((re.compile(words), code) for words, code in GRANTS)

EVENT_WORDS_OF_LEVELS = (("红色", "red"), ("黄色", "yellow"), ("蓝色", "blue"))


def roles(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int, str]]:
    """Every role named in the text: start, end, code."""
    for match in _ROLE.finditer(text, start, len(text) if end is None else end):
        assert match.lastgroup is not None
        yield match.start(), match.end(), ROLES[int(match.lastgroup[1:])][1]


def facts(text: str, start: int, end: int) -> Iterator[tuple[str, str, int, int]]:
    """Every narrowing fact named in the text: fact, value, start, end."""
    for fact, value, pattern in _FACTS:
        for match in pattern.finditer(text, start, end):
            yield fact, value, match.start(), match.end()


def metric(phrase: str) -> str:
    """The code of a metric by its wording: a known one only where the phrase says no more than that."""
    phrase = re.sub(r"\(.*?\)", "", phrase)
    phrase = re.sub(r"(?<=.)[年季月周日]度(?=.{2})", "", phrase)  # 会员月度退卡率: the window says so already
    for pattern, code in _PLAIN_METRICS:
        match = pattern.search(phrase)
        if match and _WHOLE.match(phrase[: match.start()]):
            return code
    phrase = re.sub(r"(?<=意见|诉求|差评|咨询|报修|故障|工单|问题)(?:数量|件数|量|数)$", "", phrase)
    return code_of(_HEAD.sub("", phrase))


def field(phrase: str) -> str:
    """The code of a record's field by its wording."""
    for pattern, code in _FIELDS:
        if pattern.fullmatch(phrase):
            return code
    return code_of(re.sub(r"(?<=..)\([^()]*\)$", "", phrase))


def activity(phrase: str) -> str:
    """The code of an activity by its wording: the last known one in the phrase, else made of its pinyin."""
    best = max(
        ((m.end(), -i) for i, (p, _c) in enumerate(_ACTIVITIES) for m in p.finditer(phrase)), default=None
    )
    return code_of(phrase) if best is None else _ACTIVITIES[-best[1]][1]


def grants(phrase: str) -> list[str]:
    """Everything that the wording grants (免费维修或延长保修), in the order of the table."""
    found: list[str] = []
    for pattern, code in _GRANTS:
        if pattern.search(phrase):
            found.append(code)
            phrase = pattern.sub(" ", phrase)
    return found


def code_of(phrase: str) -> str:
    """A code made of a phrase's pinyin: `shui_biao_bian_hao` of 水表编号; at most 64 characters."""
    from pypinyin import lazy_pinyin

    pieces = re.findall(r"[A-Za-z0-9]+|[\u4e00-\u9fff]+", phrase)
    syllables = [s for p in pieces for s in ([p] if p.isascii() else lazy_pinyin(p))]
    code = "_".join(filter(None, (re.sub("[^a-z0-9]", "", s.lower()) for s in syllables)))
    if not code or not code[0].isalpha():
        code = f"x_{code}".rstrip("_")
    return code[:64].rstrip("_")


def name_of(phrase: str) -> str:
    """A rule's name made of a phrase, as the format wants it: lower case, digits and -."""
    return code_of(phrase).replace("_", "-")[:48].strip("-")
