using Ledger.Crypto;
using static Ledger.Core.Tests.Chain;

namespace Ledger.Core.Tests;

/// <summary>Each operation needs exactly one role, and no other role will do.</summary>
public sealed class PermissionsTests
{
    private static readonly PublicKey Me = Alice.PublicKey;

    public static TheoryData<string, string> Needs() => new()
    {
        { "put", "Writer docs" }, { "delete", "Writer docs" }, { "define", "Issuer " },
            { "issue", "Issuer " },
        { "grant", "Admin " }, { "revoke", "Admin " },
    };

    [Theory, MemberData(nameof(Needs))]
    public void An_operation_is_allowed_by_its_own_role_alone(string operation, string needed)
    {
        foreach (var (role, @namespace) in ((Role, string)[])[
            (Role.Admin, ""), (Role.Issuer, ""), (Role.Writer, "docs"), (Role.Writer, "other"), (
                Role.Reader, "docs"),
            (Role.Reader, "*")])
        {
            var allowed = Permissions.Allows(Me, Named(operation), Holding(Me, role, @namespace));
            Assert.Equal($"{role} {@namespace}" == needed, allowed);
        }
    }

    [Fact]
    public void A_writer_of_all_namespaces_writes_in_each()
    {
        Assert.True(Permissions.Allows(Me, Named("put"), Holding(Me, Role.Writer, "*")));
        Assert.True(Permissions.Allows(Me, Named("delete"), Holding(Me, Role.Writer, "*")));
    }

    [Fact]
    public void Another_accounts_role_allows_nothing()
        => Assert.False(Permissions.Allows(Me, Named("put"), Holding(Bob.PublicKey, Role.Writer, "docs")));

    [Fact]
    public void What_one_holds_one_may_transfer_and_burn_without_a_role()
    {
        Assert.True(Permissions.Allows(Me, new Operation.Transfer("euro", Bob.PublicKey, new(1)), _ => null));
        Assert.True(Permissions.Allows(Me, new Operation.Burn("euro", new(1)), _ => null));
    }

    private static Func<byte[], byte[]?> Holding(PublicKey account, Role role, string @namespace)
    {
        var held = StateKey.ForRole(account, role, @namespace);
        return key => key.AsSpan().SequenceEqual(held) ? Number.Encode(1) : null;
    }

    private static Operation Named(string operation) => operation switch
    {
        "put" => new Operation.Put("docs", "k", default),
        "delete" => new Operation.Delete("docs", "k"),
        "define" => new Operation.DefineAsset("euro", 2),
        "issue" => new Operation.Issue("euro", Me, new(1)),
        "grant" => new Operation.Grant(Me, Role.Writer, "docs"),
        _ => new Operation.Revoke(Me, Role.Writer, "docs"),
    };
}
