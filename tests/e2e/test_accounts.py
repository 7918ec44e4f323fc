"""Further accounts and keys on the local venue, from the shell."""

from tests.e2e.commands import Commands


def test_an_account_a_key_a_deposit_and_a_revocation(commands: Commands) -> None:
    commands.mm("sim", "start", "--deposit", "100")
    opened = commands.mm("sim", "accounts", "add", "--deposit", "USDC=500", "--label", "desk")
    assert "500.00000000 USDC" in opened.out
    assert "(shown only now)" in opened.out
    made = commands.mm("sim", "keys", "add", "--type", "ed25519", "--label", "reader", "--no-trade")
    assert "ED25519, may read" in made.out
    assert "-----BEGIN PRIVATE KEY-----" in made.out
    commands.mm("sim", "deposit", "USDC", "23")
    (balance,) = (each for each in commands.venue.ask("/api/v3/account")["balances"] if each["asset"] == "USDC")
    assert balance["free"] == "123.00000000"
    assert "revoked" in commands.mm("sim", "keys", "revoke", "desk").out
    refused = commands.mm("sim", "withdraw", "USDC", "1000", code=None)
    assert refused.code != 0
    assert "only 123.00000000 USDC are free" in refused.err
    listed = commands.mm("sim", "accounts", "list").out
    assert "the bot's" in listed
