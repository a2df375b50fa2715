"""Statements that are prepared, tried on the models of this part: the lowest that has any."""

from __future__ import annotations

import pytest

from shounuo.kernel import prepared
from shounuo.staff.models import Person
from shounuo.staff.testing import make_cast


@pytest.mark.django_db
def test_an_update_writes_what_it_names_and_no_other_row() -> None:
    cast = make_cast()
    cast.agent.name, cast.agent.title, cast.agent.preferences = "林小满二", "班长", {"rows": 50}
    prepared.update(cast.agent, ("name", "preferences"))
    told = Person.objects.get(pk=cast.agent.pk)
    assert (told.name, told.title, told.preferences) == ("林小满二", "", {"rows": 50})
    assert Person.objects.get(pk=cast.outsider.pk).name == cast.outsider.name


@pytest.mark.django_db
def test_an_update_of_a_field_that_is_not_there_is_refused() -> None:
    person = make_cast().agent
    with pytest.raises(ValueError, match="nickname"):
        prepared.update(person, ("name", "nickname"))
