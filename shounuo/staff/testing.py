"""People for tests: one cast that every part uses, built through the services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

from shounuo.kernel.actors import Actor
from shounuo.staff import queries, services
from shounuo.staff.models import Person, Role, Team

AT = datetime(2026, 10, 10, 2, 0, tzinfo=UTC)  # Saturday, a make-up working day, 10:00 in Shanghai
PASSWORD = "tinggu-9-ma-yuan"
_numbers = count(1)


@dataclass(frozen=True)
class Cast:
    """坐席 agent and 班长 supervisor of the first team, 外组坐席 outsider of another, 客服经理 manager,
    管理员 admin, 无权限者 nobody (active, without any role). `actor(person)` gives the actor.
    """

    team: Team
    other_team: Team
    agent: Person
    supervisor: Person
    outsider: Person
    manager: Person
    admin: Person
    nobody: Person

    @staticmethod
    def actor(person: Person) -> Actor:
        return queries.actor_for(person)


def make_roles(at: datetime = AT) -> None:
    """The default roles, once per database."""
    if not Role.objects.filter(builtin=True).exists():
        services.roles_sync(at=at)


def make_team(code: str = "", name: str = "", *, at: datetime = AT) -> Team:
    code = code or f"team-{next(_numbers)}"
    return services.team_create(code=code, name=name or code, actor=Actor.system(), at=at)


def make_person(
    login: str = "",
    *,
    name: str = "",
    roles: tuple[str, ...] = ("agent",),
    teams: tuple[Team, ...] = (),
    leads: tuple[Team, ...] = (),
    mail: str = "",
    phone: str = "",
    password: str | None = None,
    at: datetime = AT,
) -> Person:
    """An active person; give a password (`PASSWORD`) only where the test signs in, hashing takes time."""
    make_roles(at)
    login = login or f"person{next(_numbers)}"
    return services.person_create(
        login=login,
        name=name or login,
        mail=mail,
        phone=phone,
        password=password,
        roles=roles,
        teams=[team.code for team in teams],
        leads=[team.code for team in leads],
        actor=Actor.system(),
        at=at,
    )


def make_cast(at: datetime = AT) -> Cast:
    """Two teams and the six people that every permission test needs."""
    team, other = make_team("first", "一组", at=at), make_team("second", "二组", at=at)
    return Cast(
        team=team,
        other_team=other,
        agent=make_person("agent", name="林小满", teams=(team,), mail="agent@example.cn", at=at),
        supervisor=make_person(
            "supervisor",
            name="周明",
            roles=("supervisor",),
            leads=(team,),
            mail="supervisor@example.cn",
            at=at,
        ),
        outsider=make_person("outsider", name="韩梅", teams=(other,), mail="outsider@example.cn", at=at),
        manager=make_person("manager", name="许文", roles=("manager",), mail="manager@example.cn", at=at),
        admin=make_person("admin", name="管理员", roles=("admin",), mail="admin@example.cn", at=at),
        nobody=make_person("nobody", name="无权限者", roles=(), at=at),
    )


def set_up_organisation(at: datetime = AT) -> None:
    """Closes the set-up page, so that pages answer in tests."""
    services.organisation_set_up(
        name="守诺牧业",
        public_address="https://kefu.example.cn",
        actor=Actor.system(),
        at=at,
    )


def sign_in_client(client: object, person: Person) -> None:
    """Signs a Django test client in without the sign-in page; queries of pages under test start after it."""
    client.force_login(person, backend="shounuo.staff.signin.Backend")  # type: ignore[attr-defined]
