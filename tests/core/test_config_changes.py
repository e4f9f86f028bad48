from typing import Annotated, Literal

import pytest
from pydantic import Field

from seethink.core.config import Config, parse_config, with_changes
from seethink.core.rejected import InputError


class Wheel(Config):
    kind: Literal["wheel"] = "wheel"
    spokes: int = 8


class Ski(Config):
    kind: Literal["ski"] = "ski"


class Cart(Config):
    runner: Annotated[Wheel | Ski, Field(discriminator="kind")] = Wheel()
    loads: dict[str, float] = Field(default_factory=dict)
    spare: Wheel | None = None
    name: str = "cart"


def test_changes_are_laid_over_a_config_and_what_nobody_set_stays_unset():
    changed = with_changes(Cart(runner=Wheel()), {"runner.spokes": 3, "loads.hay": 2, "spare.spokes": 5}, "a cart")
    assert (changed.runner.spokes, changed.loads, changed.spare.spokes) == (3, {"hay": 2.0}, 5)
    assert "name" not in changed.model_fields_set
    assert with_changes(changed, {"runner": {"kind": "ski"}}, "a cart").runner == Ski()


def test_a_change_of_what_there_is_not_is_named():
    with pytest.raises(InputError, match="a cart: runner: spoke: no such field, did you mean spokes"):
        with_changes(Cart(), {"runner.spoke": 3}, "a cart")


def test_a_field_in_the_wrong_place_is_not_corrected_to_itself():
    with pytest.raises(InputError, match=r"a cart: spare\.name: no such field, it belongs elsewhere"):
        parse_config(Cart, {"spare": {"name": "left"}}, "a cart")
