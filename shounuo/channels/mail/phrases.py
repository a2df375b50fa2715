"""The words that mail programs write, in the languages that our customers' programs speak. Data, not screen text."""

from __future__ import annotations

import re
from typing import Final


def _any(*patterns: str, flags: int = re.IGNORECASE) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), flags)


# --- subjects -------------------------------------------------------------------------------------------------

REPLY_PREFIX: Final = re.compile(
    r"^\s*(?:(?:re|fw|fwd|aw|wg|sv|tr|rv|回复|回覆|答复|答覆|转发|轉寄|转寄|轉發)\s*(?:\[\d{1,3}\]|\(\d{1,3}\))?\s*[:：]\s*)+",
    re.IGNORECASE,
)

# At the very beginning, so that "Re: 自动回复设置不生效" stays a customer's message.
AUTO_REPLY_SUBJECT: Final = _any(
    r"^\s*(?:自动回复|自动回覆|自動回覆|自動回復|自动答复|自動答覆|自动应答|自動應答|系统自动回复|假期自动回复|休假自动回复)\s*(?:[:：\-—]|$)",
    r"^\s*[\[【(（]\s*(?:系统)?(?:自动回复|自动回覆|自動回覆|自動回復|自动答复|自動答覆|auto[ -]?reply)\s*[\]】)）]",
    r"^\s*(?:外出|休假|离开办公室|不在办公室|不在辦公室)(?:自动|自動)?(?:回复|回覆|答复|通知)\s*(?:[:：\-—]|$)",
    r"^\s*(?:automatic(?:ally generated)?|auto(?:mated)?)[ -]?(?:reply|response|answer)\b",
    r"^\s*autoreply\b",
    r"^\s*auto:\s",
    r"^\s*(?:i am |i'm )?(?:currently )?out of (?:the )?office\b(?!\s*365)",
    r"^\s*ooo\b\s*[:\-]",
    r"^\s*(?:vacation|holiday|away) (?:reply|response|message|notice|auto)",
    r"^\s*on (?:vacation|annual leave|holiday)\b",
    r"^\s*(?:abwesenheits(?:notiz|nachricht)|automatische antwort|réponse automatique|respuesta automática)\b",
    r"^.{0,120}[(（]\s*(?:自动回复|自動回覆|auto(?:matic)?[ -]?reply|out of office)\s*[)）]\s*$",
)

BOUNCE_SUBJECT: Final = _any(
    r"^\s*[\[【]?\s*(?:系统退信|系統退信|退信通知|邮件退回|郵件退回|退信|退件通知)",
    r"^\s*来自.{1,40}的退信",
    r"^\s*(?:邮件|郵件)?(?:投递|投遞|发送|發送)(?:失败|失敗|延迟|延遲)",
    r"^\s*(?:未送达|未送達|无法送达|無法傳遞|无法投递)\s*[:：]?",
    r"^\s*(?:undeliver(?:able|ed)|non[- ]?deliver(?:able|y))\b",
    r"^\s*(?:mail )?delivery (?:status notification|failure|failed|has failed|delayed|notification|report)\b",
    r"^\s*mail delivery (?:failed|failure|system|problem)",
    r"^\s*(?:failure notice|failed delivery|delivery failure)",
    r"^\s*returned mail\b",
    r"^\s*returned to sender\b",
    r"^\s*(?:message|mail|email) (?:could not be|was not|not) delivered",
    r"^\s*message delivery (?:failure|delay)",
    r"^\s*warning: (?:could not send message|message .{0,80} delayed)",
    r"^\s*mail system error",
    r"^\s*rejected mail\b",
    r"^\s*unzustellbar",
)

# --- separators between a reply and what it answers --------------------------------------------------------------

# From such a line on everything is quoted.
ORIGINAL: Final = _any(
    r"^[ \t>*]*[-_=~]{2,}[ \t]*(?:原始邮件|邮件原件|原始郵件|原邮件|原郵件|原始信息|原始訊息|原始消息|邮件原文|郵件原文|回复的原邮件|回复的邮件|转发的邮件"
    r"|转发邮件(?:信息)?|轉寄的郵件|转发的原邮件|转发信息|original(?: message| appointment)?|original mail|forwarded message|forwarded mail"
    r"|weitergeleitete nachricht|ursprüngliche nachricht|originalnachricht|message d'origine|message original|messaggio originale"
    r"|mensaje original|mensagem original|oprindelig besked|oprindelig meddelelse|oorspronkelijk bericht|alkuperäinen viesti"
    r"|opprinnelig melding|ursprungligt meddelande|пересылаемое сообщение|исходное сообщение|元のメッセージ|원본 메시지)"
    r"[ \t]*[-_=~]{2,}[ \t*]*$",
    r"^[ \t]*-{3,}[ \t]*(?:邮件原文|原始邮件|original message)[ \t]*-{3,}",
    r"^[ \t]*begin forwarded message:[ \t]*$",
    r"^[ \t]*以下是转发的邮件[:：][ \t]*$",
    r"^[ \t]*[|｜]?[ \t]*回复的原邮件[ \t]*[|｜]?[ \t]*$",
    r"^[ \t]*(?:-{2,}|—{2,})[ \t]*(?:on|am|le|el)\b.{5,200}\b(?:wrote|schrieb|écrit|escribió)[ \t]*(?:-{2,}|—{2,})[ \t]*$",
    r"^[ \t]*-{2,}[ \t]*reply (?:above|to) this (?:line|email)[ \t]*-{2,}",
    r"^[ \t]*#{2,}[ \t-]*请在此行(?:之上|上方)回复",
)

# The same word alone, as QQ puts it above its table.
ORIGINAL_ALONE: Final = re.compile(r"^(?:original(?: message)?|原始邮件|原邮件|原始郵件)$", re.IGNORECASE)

# Field names of a quoted header, in groups: who, when, to whom, what about.
HEADER_WHO: Final = r"发件人|發件人|寄件人|寄件者|发信人|发送人|from|von|de|da|van|fra|från|od|lähettäjä|от|差出人|보낸 ?사람|保有人"
HEADER_WHEN: Final = (
    r"发送时间|發送時間|发件时间|發件日期|寄件日期|发送日期|日期|时间|時間|sent(?: time)?|date|gesendet|datum|envoyé(?: le)?|inviato|data|verzonden|"
    r"sendt|skickat|lähetetty|päivämäärä|enviado(?: el)?|enviada(?: em)?|fecha|дата|отправлено|送信日時|日時|보낸 ?날짜|wysłano|dato|message du"
)
HEADER_TO: Final = r"收件人|收信人|收件者|to|an|à|a|aan|til|till|para|do|vastaanottaja|кому|宛先|받는 ?사람"
HEADER_COPY: Final = r"抄送|副本|抄送人|cc|kopie|copie(?: à)?|kopia|kopi|копия|暗送|密送|bcc|reply-to|回复|importance|重要性|优先级"
HEADER_SUBJECT: Final = r"主题|主旨|标题|主題|標題|主 题|subject|betreff|objet|oggetto|onderwerp|emne|ämne|asunto|assunto|aihe|тема|件名|제목|temat|sujet|附件|attachments?"


def _field(names: str) -> re.Pattern[str]:
    # A long word in front would be prose; a bracketed address may hang on the next line.
    return re.compile(rf"^[ \t>|｜*]*(?:{names})[ \t ]*\*{{0,2}}[ \t |]*[:：][ \t ]*\*{{0,2}}", re.IGNORECASE)


WHO: Final = _field(HEADER_WHO)
WHEN: Final = _field(HEADER_WHEN)
TO: Final = _field(HEADER_TO)
COPY: Final = _field(HEADER_COPY)
ABOUT: Final = _field(HEADER_SUBJECT)
# 163's and QQ's tables put no colon between name and value.
CELL: Final = re.compile(
    rf"^[ \t]*[|｜]?[ \t]*(?:{HEADER_WHO}|{HEADER_WHEN}|{HEADER_TO}|{HEADER_COPY}|{HEADER_SUBJECT})[ \t]*[|｜][ \t]*\S",
    re.IGNORECASE,
)

# --- attribution lines: "On ... wrote:" -----------------------------------------------------------------------------

_DIGITS: Final = r"(?=.*\d)"
ATTRIBUTION_END: Final = re.compile(
    r"(?:写道|寫道|写到|說道|说道|wrote|schrieb(?:\s.{1,150})?|a écrit|ha scritto|escribió|escreveu|schreef(?:\s.{1,150})?|skrev(?:\s.{1,150})?|napisał(?:\(a\)|a)?|kirjoitti|"
    r"пишет|написал(?:\(а\)|а)?|a scris|yazdı|のメール|が書きました|님이 작성)\s*[:：]*[ \t]*$",
    re.IGNORECASE,
)
ATTRIBUTION: Final = _any(
    # On Mon, Jan 2, 2026 at 3:04 PM Name <a@b> wrote:
    rf"^{_DIGITS}on\s.{{6,400}}?\bwrote\s*[:：]*\s*$",
    rf"^at\s{_DIGITS}.{{6,400}}?\b(?:wrote|写道|寫道)\s*[:：]+\s*$",
    rf"^{_DIGITS}.{{0,200}}<[^<>]{{3,200}}>\s*wrote\s*[:：]+\s*$",
    rf"^{_DIGITS}.{{0,200}}\bwrote on .{{4,80}}[:：]\s*$",
    # 在 2026-01-02 15:04:05，"张三" <a@b> 写道：
    rf"^在{_DIGITS}.{{4,400}}?(?:写道|寫道|写到|说道|說道)\s*[:：]*\s*$",
    rf"^於{_DIGITS}.{{4,400}}?(?:写道|寫道)\s*[:：]*\s*$",
    # 张三 <a@b> 于2026年1月2日周五 15:04写道：
    rf"^{_DIGITS}.{{0,200}}?[于於]\s?\d{{4}}年.{{2,200}}?(?:写道|寫道)\s*[:：]*\s*$",
    rf"^{_DIGITS}\d{{4}}\s?[年/.-]\s?\d{{1,2}}\s?[月/.-]\s?\d{{1,2}}.{{2,300}}?(?:写道|寫道|wrote|写到)\s*[:：]*\s*$",
    # Other languages
    rf"^{_DIGITS}(?:am|den|il|el|le|op|em|dnia|w dniu|pe|på|den|fre|tor)\b.{{4,400}}?(?:schrieb(?:\s.{{1,150}})?|a écrit|ha scritto|escribió|escreveu|schreef(?:\s.{{1,150}})?|skrev(?:\s.{{1,150}})?|napisał(?:\(a\)|a)?)\s*[:：]+\s*$",
    rf"^{_DIGITS}.{{4,300}}?(?:kirjoitti|napisał(?:\(a\)|a)?|skrev(?:\s.{{1,150}})?|a écrit|ha scritto)\s*[:：]+\s*$",
    rf"^{_DIGITS}.{{1,120}}<[^<>]{{3,200}}>\s*(?:schrieb|skrev|schreef|wrote)\s.{{4,80}}[:：]\s*$",
    # a date, a time and an address, nothing else: Yandex, Zoho, Mail.ru, old Gmail
    r"^(?=.*\b(?:19|20)\d{2}\b)(?=.*\b\d{1,2}[:.]\d{2}\b).{12,240}<[^<>\s]{3,200}>\s*[:：]\s*$",
    r"^\d{1,2}[./]\d{1,2}[./]\d{4},? \d{1,2}[.:]\d{2},? .{1,120}<[^<>\s]{3,200}>\s*[:：]\s*$",
    r"^\d{4}[-/]\d{1,2}[-/]\d{1,2} \d{1,2}:\d{2}(?: GMT[+-]\d{1,2}:\d{2})? .{0,120}<[^<>\s]{3,200}>\s*[:：]\s*$",
    r"^[а-я]{2,3}, \d{1,2} [а-я]{3,9}\.? \d{4} г\. в \d{1,2}:\d{2}, .{1,120}<[^<>\s]{3,200}>\s*[:：]\s*$",
)
# In any language: a date and a time before a colon, when quoted lines follow at once.
DATED: Final = re.compile(r"^(?=.*\b(?:19|20)\d{2}\b)(?=.*\b\d{1,2}[:.：]\d{2}\b).{12,300}[:：]\s*$")
# How such a line begins; the rest may have been wrapped onto the next lines.
ATTRIBUTION_START: Final = re.compile(
    r"^[ \t]*(?:on\s.*\d|at\s.*\d|在\s?.{0,20}\d|於\s?.{0,20}\d|am\s.*\d|den\s.*\d|il\s.*\d|el\s.*\d|le\s.*\d|op\s.*\d|em\s.*\d|dnia\s.*\d|w dniu\s.*\d|pe\s.*\d|"
    r"\d{4}\s?[年/.-]|.{0,80}[于於]\s?\d{4}年|on\s(?:mon|tue|wed|thu|fri|sat|sun)|.{0,60}\b(?:19|20)\d{2}\b.{0,30}\b\d{1,2}[:.]\d{2}\b|[^<>]{1,100}<[^<>\s@]+@[^<>\s]+>\s*(?:schrieb|skrev|wrote|$))",
    re.IGNORECASE,
)

# --- signatures ------------------------------------------------------------------------------------------------------

SIGNATURE: Final = _any(
    r"^-- ?$",
    r"^--?\s?$",
    r"^_{2,}$",
    r"^—{3,}$",
    # 发自我的iPhone, 来自我的华为手机, 发送自 Outlook, 从我的iPhone发送
    r"^[ \t(（\[]*(?:发自|發自|发送自|傳送自|寄自|来自|來自|从|從|自)\s?(?:我的|于)?\s?.{1,40}?(?:iphone|ipad|手机|手機|邮箱|郵箱|邮件|郵件|客户端|outlook|foxmail|mail|android|小米|华为|vivo|oppo|设备|網易|网易|大师|大師|企业微信|钉钉|钉邮|windows ?\d*)\S{0,12}(?:发送|發送|傳送)?[ \t)）\]。.]*$",
    r"^[ \t(\[]*(?:sent|get|enviado|envoyé|gesendet|inviato|verzonden|skickat|sendt) (?:from|via|à partir de|desde|depuis|von|da|do|vanaf|från|fra|outlook for)\b.{1,80}$",
    r"^[ \t]*(?:获取|下载) ?outlook for .{2,30}$",
    r"^[ \t]*(?:get|download) outlook for .{2,60}$",
    r"^[ \t]*\[?(?:图片|image)\]?发自.{2,30}$",
)
# "Sent from my desk, is much easier" is a sentence.
NOT_SIGNATURE: Final = re.compile(r"(?:,|，|。|；|;)\s*\S+(?:\s+\S+){2,}|[!?！？]\s*$|\.\s+\S")
CLOSING: Final = _any(
    r"^[ \t]*(?:(?:best|kind|warm|many|with best|with kind)\s+)?regards\s*[,.!]?$",
    r"^[ \t]*(?:yours (?:sincerely|faithfully|truly)|sincerely(?: yours)?|mit freundlichen grüßen|cordialement)\s*[,.!]?$",
    r"^[ \t]*(?:此致|顺祝商祺|祝商祺|顺颂商祺|祝好|致礼|敬上)\s*[!！。，,]?$",
)
CONFIDENTIAL: Final = _any(
    r"^[ \t*]*(?:本|此)(?:电子)?(?:邮件|郵件|電子郵件)(?:及其?|和|中|包含|可能|内容|任何)?.{0,30}(?:附件|保密|机密|機密|仅供|僅供|所载|信息)",
    r"^[ \t*]*(?:保密(?:声明|提示|条款)|免责声明|免責聲明|confidentiality notice|disclaimer)\s*[:：]",
    r"^[ \t*]*this (?:e-?mail|message|communication)(?: message)?(?:,| and| is| may| contains).{0,60}(?:confidential|privileged|intended)",
)
