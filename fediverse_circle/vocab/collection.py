"""Lists of things, whole or in pages."""

from dataclasses import dataclass
from typing import Final, final

from fediverse_circle.vocab.activity import ACTIVITIES, Activity, Object, activity_from, activity_to, object_from, object_to
from fediverse_circle.vocab.wire import LONGEST_LIST, Document, Malformed, count, filled, id_in, kind, reference, several

COLLECTIONS: Final = frozenset({"Collection", "OrderedCollection", "CollectionPage", "OrderedCollectionPage"})
Item = Object | Activity


@final
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Collection:
    """A collection, or a page of one.  `first` is a page's id, or the page; a collection without either keeps its members to itself."""

    id: str | None
    type: str = "OrderedCollection"
    total: int | None = None
    first: "str | Collection | None" = None
    next: str | None = None
    previous: str | None = None
    part_of: str | None = None
    items: tuple[Item, ...] | None = None


def collection_from(wire: Document) -> Collection:
    """The collection in this object; members that cannot be read are left out, and so is what is beyond a thousand."""
    first = wire.get("first")
    page = isinstance(first, dict) and kind(first) in COLLECTIONS and "first" not in first
    field = "orderedItems" if "orderedItems" in wire else "items"
    return Collection(
        id=id_in(wire.get("id")),
        type=kind(wire),
        total=count(wire.get("totalItems")),
        first=collection_from(first) if isinstance(first, dict) and page else reference(first),
        next=reference(wire.get("next")),
        previous=reference(wire.get("prev")),
        part_of=reference(wire.get("partOf")),
        items=_items(wire[field]) if field in wire else None,
    )


def collection_to(collection: Collection) -> Document:
    """The collection as an object, without context."""
    ordered = collection.type.startswith("Ordered")
    return filled(
        {
            "id": collection.id,
            "type": collection.type,
            "totalItems": collection.total,
            "first": collection_to(collection.first) if isinstance(collection.first, Collection) else collection.first,
            "next": collection.next,
            "prev": collection.previous,
            "partOf": collection.part_of,
            "orderedItems" if ordered else "items": [_item_to(item) for item in collection.items] if collection.items is not None else None,
        }
    )


def _items(value: object) -> tuple[Item, ...]:
    found = []
    for item in several(value)[:LONGEST_LIST]:
        try:
            found.append(activity_from(item) if isinstance(item, dict) and kind(item) in ACTIVITIES else object_from(item))
        except Malformed:
            continue
    return tuple(found)


def _item_to(item: Item) -> Document | str:
    return activity_to(item) if isinstance(item, Activity) else object_to(item)
