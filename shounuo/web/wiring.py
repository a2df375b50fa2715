"""Who reacts to what: event kind -> handlers. The one screen that answers what follows from an event.

*Same transaction*: clocks only, because a promise must start with the fact that starts it. Everything else is a job that runs
after commit and is safe to repeat.
"""

from __future__ import annotations

from shounuo.audit import subscribers as audit
from shounuo.cases import letters
from shounuo.cases import subscribers as cases
from shounuo.channels import subscribers as channels
from shounuo.commitments import cadences
from shounuo.commitments import engine as clocks
from shounuo.duties import subscribers as duties
from shounuo.events import registry
from shounuo.notices import subscribers as notices
from shounuo.policy import subscribers as policy
from shounuo.risk import telling as alarms
from shounuo.web.reports import mailing as reports


def wire() -> None:
    """Called once, when the apps are ready."""
    registry.clear_wiring()
    registry.subscribe_sync(None, clocks.on_events)
    registry.subscribe_job("audit.configuration", audit.configuration_kinds(), audit.configuration_changed)
    registry.subscribe_job("cases.index", cases.INDEXED, cases.index_case, when=cases.to_index)
    registry.subscribe_job("cases.customer", cases.NAMED_ANEW, cases.index_customer)
    registry.subscribe_job("cases.customer_merged", cases.MERGED, cases.customer_merged)
    registry.subscribe_job("cases.help_over", cases.HELP_OVER, cases.help_over, when=cases.about_help)
    registry.subscribe_job("cases.closed", ["case.closed"], cases.case_closed)
    registry.subscribe_job("cases.grant_asked", letters.ASKED, letters.asked)
    registry.subscribe_job("cases.grant_answered", letters.ANSWERED, letters.answered)
    registry.subscribe_job("channels.agreement", ["agreement.proposed"], channels.agreement_proposed)
    registry.subscribe_job("channels.answer", ["interaction.sent"], channels.answer_sent)
    registry.subscribe_job(
        "channels.receipt", ["case.opened"], channels.case_opened, when=channels.wants_receipt
    )
    registry.subscribe_job("channels.outcome", channels.MAIL_OUTCOMES, channels.mail_outcome)
    registry.subscribe_job("channels.quarantine", ["mail.quarantined"], channels.mail_quarantined)
    registry.subscribe_job("channels.mailbox", ["mailbox.failing"], channels.mailbox_failing)
    registry.subscribe_job("channels.erased", ["case.erased"], channels.case_erased)
    registry.subscribe_job("channels.webhook", ["webhook.stopped"], channels.webhook_stopped)
    registry.subscribe_job(
        "commitments.plan", ["policy.published", "policy.refreshed"], cadences.policy_changed
    )
    registry.subscribe_job("duties.left", duties.LEFT, duties.person_left)
    registry.subscribe_job(
        "notices.cases", notices.CASE_KINDS, notices.case_happened, when=notices.worth_telling
    )
    registry.subscribe_job("notices.clocks", notices.CLOCK_KINDS, notices.clock_happened)
    registry.subscribe_job(
        "notices.duties", notices.DUTY_KINDS, notices.duty_happened, when=notices.duty_worth_telling
    )
    registry.subscribe_job("notices.reset", ["password.reset_asked"], notices.password_reset_asked)
    registry.subscribe_job("policy.readers", policy.KINDS, policy.tell_readers)
    registry.subscribe_job("policy.stand_ins", policy.ASKED, policy.tell_stand_ins)
    registry.subscribe_job("risk.alarm", alarms.KINDS, alarms.alarm_happened)
    registry.subscribe_job("risk.target", alarms.JUDGED, alarms.target_judged)
    registry.subscribe_job("reports.made", reports.KINDS, reports.report_made)
