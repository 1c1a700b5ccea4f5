"""From names to addresses."""

from fediverse_circle.net.hosts import Names


async def test_a_name_below_localhost_is_this_machine_whatever_the_system_thinks() -> None:
    names = Names({})
    try:
        (found,) = await names.resolve("ana.localhost", 8443)
    finally:
        await names.close()
    assert (found["host"], found["port"]) == ("127.0.0.1", 8443)


async def test_a_laboratory_gives_its_names_addresses_and_ports() -> None:
    names = Names({"one.example": ("127.0.0.3", 9001)})
    try:
        (found,) = await names.resolve("one.example", 443)
    finally:
        await names.close()
    assert (found["host"], found["port"]) == ("127.0.0.3", 9001)
