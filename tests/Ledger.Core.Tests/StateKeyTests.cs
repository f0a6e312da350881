using static Ledger.Core.Tests.Chain;

namespace Ledger.Core.Tests;

/// <summary>No two different things share a state key, and what is listed together lies together.</summary>
public sealed class StateKeyTests
{
    [Fact]
    public void No_two_different_things_share_a_key()
    {
        byte[][] keys =
        [
            StateKey.ForEntry("a", "bc"), StateKey.ForEntry("ab", "c"), StateKey.ForEntry("abc", "d"),
            StateKey.ForAsset("a"), StateKey.ForAsset("bc"),
            StateKey.ForBalance(Alice.PublicKey, "a"), StateKey.ForBalance(Bob.PublicKey, "a"),
            StateKey.ForBalance(Alice.PublicKey, "ab"),
            StateKey.ForRole(Alice.PublicKey, Role.Admin, ""), StateKey.ForRole(
                Alice.PublicKey, Role.Issuer, ""),
            StateKey.ForRole(Alice.PublicKey, Role.Writer, "a"), StateKey.ForRole(
                Alice.PublicKey, Role.Reader, "a"),
            StateKey.ForRole(Alice.PublicKey, Role.Writer, "*"), StateKey.ForRole(
                Bob.PublicKey, Role.Writer, "a"),
            StateKey.Admins,
        ];
        Assert.Distinct(keys.Select(Convert.ToHexString));
        Assert.Distinct(keys.Select(key => StateKey.PathOf(key)));
    }

    [Fact]
    public void A_namespace_is_one_contiguous_range_even_beside_names_that_begin_alike()
    {
        List<byte[]> keys = [];
        foreach (var @namespace in (string[])["a", "a-b", "a.b", "a0", "ab", "b"])
        {
            keys.AddRange([StateKey.ForEntry(@namespace, "!"), StateKey.ForEntry(@namespace, "k"),
                StateKey.ForEntry(@namespace, "ÿ")]);
        }

        keys.Sort((left, right) => left.AsSpan().SequenceCompareTo(right));
        var prefix = StateKey.ForNamespace("a");
        var within = keys.Select(key => key.AsSpan().StartsWith(prefix)).ToList();
        Assert.Equal(3, within.Count(inside => inside));
        Assert.Equal(2, within.LastIndexOf(true) - within.IndexOf(true));
    }

    [Fact]
    public void A_key_reads_back_into_its_fields()
    {
        Assert.Equal(("docs", "a/ü"), StateKey.ParseEntry(StateKey.ForEntry("docs", "a/ü")));
        Assert.Equal("euro", StateKey.ParseBalance(StateKey.ForBalance(Alice.PublicKey, "euro")));
        Assert.Equal(
            (Role.Writer, "*"), StateKey.ParseRole(StateKey.ForRole(Alice.PublicKey, Role.Writer, "*")));
    }

    [Fact]
    public void An_entry_reads_back_and_its_digest_has_a_domain()
    {
        var entry = KeyEntry.Decode(new KeyEntry(new byte[] { 1, 2 }, 9).Encode());
        Assert.Equal((9UL, "0102"), (entry.Version, Convert.ToHexString(entry.Value.Span)));
        AssetEntry asset = new(Alice.PublicKey, 2, ulong.MaxValue);
        Assert.Equal(asset, AssetEntry.Decode(asset.Encode()));
        Assert.Equal(ulong.MaxValue, Number.Decode(Number.Encode(ulong.MaxValue)));
        Assert.NotEqual(StateKey.PathOf(asset.Encode()), StateKey.ValueDigest(asset.Encode()));
    }
}
