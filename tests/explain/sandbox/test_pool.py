"""A model's process kept warm: the answers of a fresh one, at most two of them, and a dead one replaced."""

from __future__ import annotations

import numpy as np
import pytest

from plumbline.domain import PlumblineError
from plumbline.explain.sandbox import pool
from plumbline.explain.sandbox.call import explain_rows
from tests.explain.readers.test_lightgbm import data, train


@pytest.fixture(scope="module")
def bodies() -> list[bytes]:
    x, y = data()
    return [train({"objective": "binary"}, x, y > 0, rounds=n).model_to_string().encode() for n in (2, 3, 4)]


@pytest.fixture(autouse=True)
def ended():
    pool.end_children()
    yield
    pool.end_children()


def test_the_answers_are_those_of_a_fresh_process(bodies) -> None:
    x, _ = data()
    fresh, kept = explain_rows(bodies[0], x[:5]), pool.explain_warm(bodies[0], x[:5])
    np.testing.assert_array_equal(kept.contributions, fresh.contributions)
    np.testing.assert_array_equal(kept.score, fresh.score)
    np.testing.assert_array_equal(pool.score_warm(bodies[0], x[:5]).score, fresh.score)


def test_it_measures_against_a_background_as_a_fresh_process_does(bodies) -> None:
    x, _ = data()
    for asked in ({"background": x[5:40]}, {"background": x[5:40], "space": "probability"}):
        fresh, kept = (way(bodies[0], x[:3], **asked) for way in (explain_rows, pool.explain_warm))
        np.testing.assert_array_equal(kept.contributions, fresh.contributions)
        assert kept.base == fresh.base
    assert pool.describe_warm(bodies[0]) == fresh.info


def test_a_process_that_died_is_replaced(bodies) -> None:
    x, _ = data()
    before = pool.score_warm(bodies[0], x[:3]).score
    process = pool._CHILDREN[bodies[0]].process
    process.kill()
    process.wait()
    np.testing.assert_array_equal(pool.score_warm(bodies[0], x[:3]).score, before)
    assert pool._CHILDREN[bodies[0]].process.pid != process.pid


def test_a_few_are_kept_and_the_one_unused_longest_ends(bodies, monkeypatch) -> None:
    monkeypatch.setattr(pool, "KEPT", 2)
    x, _ = data()
    for body in (bodies[0], bodies[1], bodies[0]):
        pool.score_warm(body, x[:1])
    old = pool._CHILDREN[bodies[1]].process
    pool.score_warm(bodies[2], x[:1])
    assert list(pool._CHILDREN) == [bodies[0], bodies[2]]
    assert old.poll() is not None


def test_one_that_is_too_slow_twice_is_a_sentence(bodies) -> None:
    with pytest.raises(PlumblineError, match="ended or took too long"):
        pool.score_warm(bodies[0], data()[0][:1], wall=0.001)
    assert bodies[0] not in pool._CHILDREN
