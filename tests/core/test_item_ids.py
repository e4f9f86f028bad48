from seethink.core.item import items_by_id, make_item


def item(source, name):
    return make_item(source=source, question=f"{source} {name}?", gold="1", verifier="digit", meta={"id": name})


def test_an_item_is_found_by_hash_by_its_own_id_and_by_source_and_id():
    one = item("a", "7")
    assert items_by_id([one]) == {one.id: one, "7": one, "a-7": one}


def test_an_id_that_two_items_have_names_neither():
    one, other = item("a", "7"), item("b", "7")
    known = items_by_id([one, other])
    assert "7" not in known and known["a-7"] is one and known["b-7"] is other
