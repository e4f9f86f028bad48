import pytest

FAILURE = "Failed to obtain answer via API."


@pytest.fixture
def scripted():
    """A judge that reads its replies from a script: per row a list of replies, or one list per stage."""

    def build(script):
        def judge(request):
            replies = script[request.number]
            if isinstance(replies, dict):
                replies = replies[request.stage.value]
            return replies[request.attempt]

        return judge

    return build


@pytest.fixture
def judge_saying():
    """A judge that replies the same to everything."""
    return lambda reply: lambda request: reply
