import pytest

from seethink.answers import use_workers
from seethink.core.item import Item, Verifier, make_item


@pytest.fixture(scope="session", autouse=True)
def patient_workers():
    """A busy machine must not turn an equality into a timeout; the deadline itself has its own tests."""
    use_workers(size=1, deadline=60.0)


@pytest.fixture
def item():
    def build(verifier: str, gold: str, **fields) -> Item:
        return make_item(source="test", question="?", gold=gold, verifier=Verifier(verifier), **fields)

    return build
