using static Ledger.Core.Tests.Chain;

namespace Ledger.Core.Tests;

/// <summary>
/// The rules that need no state, each at its edge: the last that is good, the first that is not.
/// </summary>
public sealed class TransactionRulesTests
{
    private static readonly string Long64 = new('n', Limits.NameBytes);

    public static TheoryData<string, bool> Names() => new()
    {
        { "a", true }, { "docs.v1_x-2", true }, { Long64, true },
        { "", false }, { Long64 + "n", false }, { "Docs", false }, { "a b", false }, { "a/b", false },
        { "ä", false },
        { "*", false }, { "a\0", false },
    };

    [Theory, MemberData(nameof(Names))]
    public void Namespaces_and_assets_are_short_and_plain(string name, bool good)
    {
        AssertRule(good, new Operation.Put(name, "k", default));
        AssertRule(good, new Operation.Delete(name, "k"));
        AssertRule(good, new Operation.DefineAsset(name, 0));
        AssertRule(good, new Operation.Issue(name, Alice.PublicKey, new(1)));
        AssertRule(good, new Operation.Transfer(name, Alice.PublicKey, new(1)));
        AssertRule(good, new Operation.Burn(name, new(1)));
        AssertRule(good || name == "*", new Operation.Grant(Alice.PublicKey, Role.Writer, name));
        AssertRule(good || name == "*", new Operation.Revoke(Alice.PublicKey, Role.Reader, name));
    }

    [Fact]
    public void A_key_is_1_to_512_bytes_of_utf_8_without_control_characters()
    {
        foreach (var (key, good) in ((string, bool)[])[
            ("k", true), (new('k', 512), true), (new('ü', 256), true), ("a b/Ü.*", true),
            ("", false), (new('k', 513), false), (new string('ü', 256) + "k", false),
            ("a\0", false), ("a\n", false), ("a\u007f", false), ("\u0085", false)])
        {
            AssertRule(good, new Operation.Put("docs", key, default));
            AssertRule(good, new Operation.Delete("docs", key));
        }
    }

    [Fact]
    public void A_value_is_at_most_64_KiB()
    {
        AssertRule(true, new Operation.Put("docs", "k", new byte[Limits.ValueBytes]));
        AssertRule(false, new Operation.Put("docs", "k", new byte[Limits.ValueBytes + 1]));
    }

    [Fact]
    public void An_amount_is_at_least_1()
    {
        foreach (var (amount, good) in ((ulong, bool)[])[(0, false), (1, true), (ulong.MaxValue, true)])
        {
            AssertRule(good, new Operation.Issue("euro", Alice.PublicKey, new(amount)));
            AssertRule(good, new Operation.Transfer("euro", Alice.PublicKey, new(amount)));
            AssertRule(good, new Operation.Burn("euro", new(amount)));
        }
    }

    [Fact]
    public void An_asset_has_at_most_18_decimals()
    {
        AssertRule(true, new Operation.DefineAsset("euro", 18));
        AssertRule(false, new Operation.DefineAsset("euro", 19));
    }

    [Theory]
    [InlineData(Role.Admin, "", true)]
    [InlineData(Role.Issuer, "", true)]
    [InlineData(Role.Admin, "docs", false)]
    [InlineData(Role.Issuer, "*", false)]
    [InlineData(Role.Writer, "", false)]
    [InlineData(Role.Reader, "", false)]
    [InlineData(Role.Writer, "*", true)]
    [InlineData(Role.Reader, "docs", true)]
    public void Writer_and_reader_are_for_a_namespace_and_the_others_are_not(
        Role role, string @namespace, bool good)
    {
        AssertRule(good, new Operation.Grant(Alice.PublicKey, role, @namespace));
        AssertRule(good, new Operation.Revoke(Alice.PublicKey, role, @namespace));
    }

    [Fact]
    public void A_transaction_is_for_this_chain_and_the_bad_operation_is_named()
    {
        Operation good = new Operation.Put("docs", "k", default);
        Assert.Contains(
            "'other'", TransactionRules.FaultIn(Body("other", good), "test"), StringComparison.Ordinal);
        var fault = TransactionRules.FaultIn(Body("test", good, new Operation.Burn("euro", new(0))), "test");
        Assert.StartsWith("operation 1:", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(-1, false)]
    [InlineData(86_400_000, true)]
    [InlineData(86_400_001, false)]
    public void It_lives_to_its_last_millisecond_and_at_most_a_day(long aheadMs, bool good)
    {
        var body = Body("test") with { ValidUntil = new(1_000_000 + aheadMs) };
        Assert.Equal(good, TransactionRules.FaultAt(body, new(1_000_000)) is null);
    }

    private static void AssertRule(bool good, Operation operation)
        => Assert.Equal(good, TransactionRules.FaultIn(Body("test", operation), "test") is null);

    private static TransactionBody Body(string chainId, params Operation[] operations)
        => new(chainId, Admin.PublicKey, new(1_000_000), 1, operations);
}
