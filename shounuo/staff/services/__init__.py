"""All writes of the staff part. Each locks the row it changes and publishes its event in one transaction."""

from shounuo.staff.services.access import password_change, password_reset_ask, presence_set, profile_change
from shounuo.staff.services.factors import recovery_codes_make, totp_begin, totp_confirm, totp_disable
from shounuo.staff.services.links import link_create, link_person, link_use
from shounuo.staff.services.organisation import organisation_change, organisation_set_up
from shounuo.staff.services.people import person_change, person_create, person_deactivate, person_reactivate
from shounuo.staff.services.roles import role_change, role_create, roles_sync
from shounuo.staff.services.shifts import shift_add, shift_remove
from shounuo.staff.services.teams import membership_end, membership_set, team_change, team_create
from shounuo.staff.services.tokens import token_create, token_revoke

__all__ = [
    "link_create",
    "link_person",
    "link_use",
    "membership_end",
    "membership_set",
    "organisation_change",
    "organisation_set_up",
    "password_change",
    "password_reset_ask",
    "person_change",
    "person_create",
    "person_deactivate",
    "person_reactivate",
    "presence_set",
    "profile_change",
    "recovery_codes_make",
    "role_change",
    "role_create",
    "roles_sync",
    "shift_add",
    "shift_remove",
    "team_change",
    "team_create",
    "token_create",
    "token_revoke",
    "totp_begin",
    "totp_confirm",
    "totp_disable",
]
