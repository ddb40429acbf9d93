"""Milenage against the test sets of TS 35.208 and against what a lab's S-CSCF sent."""

from __future__ import annotations

import base64

import pytest

from analyzer.ipsec.secret import Secret
from analyzer.keys.aka import is_genuine, is_resynchronisation, mac_a, mac_s, milenage, opc_from_op

# TS 35.208 4.3, sets 1 to 6: K, RAND, SQN, AMF, OP, OPc, f1, f2, f5, f3, f4, f5*
SETS = [
    """465b5ce8b199b49faa5f0a2ee238a6bc 23553cbe9637a89d218ae64dae47bf35 ff9bb4d0b607 b9b9
    cdc202d5123e20f62b6d676ac72cb318 cd63cb71954a9f4e48a5994e37a02baf 4a9ffac354dfafb3 a54211d5e3ba50bf aa689c648370
    b40ba9a3c58b2a05bbf0d987b21bf8cb f769bcd751044604127672711c6d3441 451e8beca43b""",
    """fec86ba6eb707ed08905757b1bb44b8f 9f7c8d021accf4db213ccff0c7f71a6a 9d0277595ffc 725c
    dbc59adcb6f9a0ef735477b7fadf8374 1006020f0a478bf6b699f15c062e42b3 9cabc3e99baf7281 8011c48c0c214ed2 33484dc2136b
    5dbdbb2954e8f3cde665b046179a5098 59a92d3b476a0443487055cf88b2307b deacdd848cc6""",
    """9e5944aea94b81165c82fbf9f32db751 ce83dbc54ac0274a157c17f80d017bd6 0b604a81eca8 9e09
    223014c5806694c007ca1eeef57f004f a64a507ae1a2a98bb88eb4210135dc87 74a58220cba84c49 f365cd683cd92e96 f0b9c08ad02e
    e203edb3971574f5a94b0d61b816345d 0c4524adeac041c4dd830d20854fc46b 6085a86c6f63""",
    """4ab1deb05ca6ceb051fc98e77d026a84 74b0cd6031a1c8339b2b6ce2b8c4a186 e880a1b580b6 9f07
    2d16c5cd1fdf6b22383584e3bef2a8d8 dcf07cbd51855290b92a07a9891e523e 49e785dd12626ef2 5860fc1bce351e7e 31e11a609118
    7657766b373d1c2138f307e3de9242f9 1c42e960d89b8fa99f2744e0708ccb53 fe2555e54aa9""",
    """6c38a116ac280c454f59332ee35c8c4f ee6466bc96202c5a557abbeff8babf63 414b98222181 4464
    1ba00a1a7c6700ac8c3ff3e96ad08725 3803ef5363b947c6aaa225e58fae3934 078adfb488241a57 16c8233f05a0ac28 45b0f69ab06c
    3f8c7587fe8e4b233af676aede30ba3b a7466cc1e6b2a1337d49d3b66e95d7b4 1f53cd2b1113""",
    """2d609d4db0ac5bf0d2c0de267014de0d 194aa756013896b74b4a2a3b0af4539e 6bf69438c2e4 5f67
    460a48385427aa39264aac8efc9e73e8 c35a0ab0bcbfc9252caff15f24efbde0 bd07d3003b9e5cc3 8c25a16cd918a1df 7e6455f34cf3
    4cd0846020f8fa0731dd47cbdc6be411 88ab80a415f15c73711254a1d388f696 dc6dd01e8f15""",
]

# K, OPc, RAND, AUTN, RES, CK, IK of recordings of our lab (two subscribers)
LAB = [
    """465b5ce8b199b49faa5f0a2ee238a6bc cd63cb71954a9f4e48a5994e37a02baf
    c6a47b455a3b73fd9eebd7d15590e037 82edc0cba1ac8000294de47a6f69a5e4 bb5f3a758bcea459
    67549ae7e328db2d2d78e803ff88947a 7c5d70da20705bf2e2eae30d8f199095""",
    """465b5ce8b199b49faa5f0a2ee238a6bc cd63cb71954a9f4e48a5994e37a02baf
    65244637b865fa003e708f889df08c42 208efdc02fda800032dc5a45e264364d 80d00364d7bff2a1
    5195d5324f543f3fa8ec1a0b95b967bf 44d197baf04d89d8c5af97c7e0caedd1""",
    """a3d4cf9b44defe682800377c5f5454ff a95c3563fab3fa8d7f1099bb51d87a14
    dbf688c598fe974873ec7dcab057d2fa 50e908f764a0800007ce1c9dfe300898 06c2e54a5144734b
    88f66235e75077cec5843022f6659f47 4d0d1705d792edad33bc2f8e6b73a349""",
]


def octets(row: str) -> list[bytes]:
    return [bytes.fromhex(word) for word in row.split()]


@pytest.mark.parametrize("row", SETS, ids=range(1, len(SETS) + 1))
def test_published_sets(row: str) -> None:
    k, rand, sqn, amf, op, opc, f1, f2, f5, f3, f4, f5_star = octets(row)
    assert opc_from_op(Secret(k), Secret(op)).octets == opc
    result = milenage(Secret(k), Secret(opc), rand)
    assert [secret.octets for secret in result] == [f2, f3, f4, f5, f5_star]
    assert mac_a(Secret(k), Secret(opc), rand, sqn, amf) == f1


@pytest.mark.parametrize("row", LAB, ids=range(1, len(LAB) + 1))
def test_challenges_of_the_lab(row: str) -> None:
    k, opc, rand, autn, res, ck, ik = octets(row)
    result = milenage(Secret(k), Secret(opc), rand)
    assert (result.res.octets, result.ck.octets, result.ik.octets) == (res, ck, ik)
    assert is_genuine(Secret(k), Secret(opc), rand, autn)
    for position in range(16):
        changed = bytearray(autn)
        changed[position] ^= 1
        assert not is_genuine(Secret(k), Secret(opc), rand, bytes(changed))
    assert not is_genuine(Secret(opc), Secret(k), rand, autn)
    assert not is_genuine(Secret(k), Secret(opc), rand, autn[:15])
    assert not is_genuine(Secret(k), Secret(opc), rand[:15], autn)


@pytest.mark.parametrize("lengths", [(15, 16, 16), (16, 17, 16), (16, 16, 0)])
def test_wrong_lengths_are_named_without_their_content(lengths: tuple[int, int, int]) -> None:
    k, opc, rand = (bytes([0xAB]) * length for length in lengths)
    with pytest.raises(ValueError, match="octets instead of 16") as raised:
        milenage(Secret(k), Secret(opc), rand)
    assert "ab" not in str(raised.value).lower()


def test_the_auts_of_the_lab() -> None:
    """From the recording of a synchronisation failure: SQN of the card is its K's secret, MAC-S its proof."""
    k, opc = (Secret(each) for each in octets(LAB[0])[:2])
    rand = base64.b64decode("4K1+m6/Uhi4+w6t1K74rHBFWwAtY0YAAFNmZT8nRXLA=")[:16]
    auts = base64.b64decode("8I+XV1mxWs3pqHLROXY=")
    assert is_resynchronisation(k, opc, rand, auts)
    for position in range(14):
        spoiled = bytearray(auts)
        spoiled[position] ^= 1
        assert not is_resynchronisation(k, opc, rand, bytes(spoiled))
    assert not is_resynchronisation(opc, k, rand, auts)


@pytest.mark.parametrize(("rand", "auts"), [(b"", bytes(14)), (bytes(16), b""), (bytes(16), bytes(13)), (b"", b"")])
def test_no_auts_at_all(rand: bytes, auts: bytes) -> None:
    assert not is_resynchronisation(Secret(bytes(16)), Secret(bytes(16)), rand, auts)


def test_the_two_macs_are_not_the_same() -> None:
    k, opc, rand = Secret(bytes(16)), Secret(bytes(16)), bytes(16)
    assert mac_s(k, opc, rand, bytes(6)) != mac_a(k, opc, rand, bytes(6), bytes(2))
