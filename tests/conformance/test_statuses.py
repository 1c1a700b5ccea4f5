"""Saying, saying again, taking back."""

from tests.conformance.house import House


async def test_a_post_is_for_followers_unless_somebody_opened_more(house: House) -> None:
    (ana,) = await house.people(1)
    said = await ana.say("Hello")
    assert (said["visibility"], said["content"]) == ("private", "<p>Hello</p>")
    assert await house.audience(said["id"]) == [("followers", ana.actor.id)]
    assert said["url"] == f"https://here.example/@{ana.acct}/{said['id']}"
    assert (await ana.get(f"/api/v1/statuses/{said['id']}")).json == said
