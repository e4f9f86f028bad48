"""What the key of a paid answer depends on, and what it does not."""

from __future__ import annotations

from seethink.teachers import Message, Picture, Request, Sampling, request_key
from seethink.teachers.request import request_body

ASKED = Request("m", (Message("system", "s"), Message("user", "q")), Sampling(0.2, 0.9, 10))


def test_equal_requests_have_equal_keys_and_int_and_float_sampling_agree() -> None:
    again = Request("m", (Message("system", "s"), Message("user", "q")), Sampling(0.2, 0.9, 10))
    assert request_key(again) == request_key(ASKED)
    zero, zero_point = (Request("m", (), Sampling(temperature=t)) for t in (0, 0.0))
    assert request_key(zero) == request_key(zero_point)


def test_every_part_of_a_request_changes_the_key() -> None:
    others = [
        Request("other", ASKED.messages, ASKED.sampling),
        Request("m", (Message("system", "s"), Message("user", "q!")), ASKED.sampling),
        Request("m", (Message("user", "s"), Message("user", "q")), ASKED.sampling),
        Request("m", ASKED.messages, Sampling(0.3, 0.9, 10)),
        Request("m", ASKED.messages, Sampling(0.2, None, 10)),
        Request("m", ASKED.messages, Sampling(0.2, 0.9, 11)),
        Request("m", ASKED.messages, ASKED.sampling, draw=1),
        Request("m", ASKED.messages, ASKED.sampling, revision="r2"),
        Request("m", ASKED.messages, Sampling(0.2, 0.9, 10, {"reasoning_effort": "low"})),
        Request("m", ASKED.messages, Sampling(0.2, 0.9, 10, {"reasoning_effort": "high"})),
    ]
    assert len({request_key(one) for one in [ASKED, *others]}) == 1 + len(others)


def test_a_picture_counts_by_its_bytes_and_is_sent_as_a_data_uri() -> None:
    def with_picture(data: bytes) -> Request:
        return Request("m", (Message("user", "q", (Picture(data, "image/png"),)),), Sampling())

    assert request_key(with_picture(b"a")) == request_key(with_picture(b"a"))
    assert request_key(with_picture(b"a")) != request_key(with_picture(b"b"))
    part = request_body(with_picture(b"a"))["messages"][0]["content"][0]
    assert part["image_url"]["url"] == "data:image/png;base64,YQ=="


def test_parameters_that_are_not_given_are_not_sent() -> None:
    assert set(request_body(Request("m", (), Sampling()))) == {"model", "messages"}
    assert request_body(Request("m", (), Sampling(), draw=2))["seed"] == 2


def test_the_key_of_a_request_stays_what_it_was() -> None:
    """What was bought with an earlier version is found by this one."""
    assert request_key(ASKED) == "8275d1301c55d33e7a3ad46fc7c76a8c7bf3f63e898238876dddf756023e6aba"


def test_further_fields_are_sent_and_the_revision_is_not() -> None:
    asked = Request("m", (), Sampling(extra={"max_completion_tokens": 9, "reasoning_effort": "low"}), revision="r2")
    assert request_body(asked) == {"model": "m", "messages": [], "max_completion_tokens": 9, "reasoning_effort": "low"}
    assert asked.sampling.limit == 9


def test_no_tokenizer_makes_more_tokens_than_bytes() -> None:
    assert Request("m", (Message("user", "é" * 10),), Sampling()).worst_prompt_tokens >= 20
