using Ledger.Crypto;
using static Ledger.Core.Tests.Chain;

namespace Ledger.Core.Tests;

public sealed class LedgerMachineTests
{
    private static readonly byte[] Value = [1, 2, 3];

    [Fact]
    public void A_put_is_read_back_with_the_height_as_its_version()
    {
        var chain = new Chain();
        Assert.Equal(FailureReason.None, chain.Try(Admin, new Operation.Put("docs", "a", Value)));
        Assert.Equal(1UL, chain.Get("docs", "a")!.Version);
        Assert.Equal(Value, chain.Get("docs", "a")!.Value.ToArray());
    }

    [Fact]
    public void Compare_and_set_holds_only_for_the_version_that_was_read()
    {
        var chain = new Chain();
        Assert.Equal(
            FailureReason.VersionMismatch, chain.Try(Admin, new Operation.Put("docs", "a", Value, 1)));
        Assert.Equal(FailureReason.None, chain.Try(Admin, new Operation.Put("docs", "a", Value, 0)));
        Assert.Equal(
            FailureReason.VersionMismatch, chain.Try(Admin, new Operation.Put("docs", "a", Value, 0)));
        Assert.Equal(FailureReason.None, chain.Try(Admin, new Operation.Put("docs", "a", Value, 2)));
        Assert.Equal(FailureReason.VersionMismatch, chain.Try(Admin, new Operation.Delete("docs", "a", 2)));
        Assert.Equal(FailureReason.None, chain.Try(Admin, new Operation.Delete("docs", "a", 4)));
        Assert.Equal(FailureReason.KeyNotFound, chain.Try(Admin, new Operation.Delete("docs", "a")));
        Assert.Equal(FailureReason.KeyNotFound, chain.Try(Admin, new Operation.Delete("docs", "a", 0)));
        Assert.Equal(FailureReason.VersionMismatch, chain.Try(Admin, new Operation.Delete("docs", "a", 4)));
        Assert.Null(chain.Get("docs", "a"));
    }

    [Fact]
    public void All_operations_of_a_transaction_take_effect_or_none_does()
    {
        var chain = new Chain();
        var receipt = chain.Apply(chain.Sign(
            Admin, new Operation.Put("docs", "a", Value), new Operation.Delete("docs", "missing")))[0];
        Assert.Equal((FailureReason.KeyNotFound, 1), (receipt.Failure, receipt.FailedOperation));
        Assert.Null(chain.Get("docs", "a"));
    }

    [Fact]
    public void Operations_of_one_transaction_see_each_other()
    {
        var chain = new Chain();
        Assert.Equal(
            FailureReason.None,
            chain.Try(
                Admin, new Operation.DefineAsset("euro", 2), new Operation.Issue(
                    "euro", Alice.PublicKey, new(5)),
                new Operation.Put("docs", "a", Value), new Operation.Delete("docs", "a")));
        Assert.Equal(5UL, chain.Balance(Alice, "euro"));
        Assert.Null(chain.Get("docs", "a"));
    }

    [Fact]
    public void Assets_are_issued_by_their_definer_moved_by_their_holders_and_never_made_of_nothing()
    {
        var chain = new Chain(new GenesisRole(Bob.PublicKey, Role.Issuer, ""));
        Assert.Equal(FailureReason.AssetUnknown, chain.Try(
            Admin, new Operation.Issue("euro", Alice.PublicKey, new(1))));
        Assert.Equal(FailureReason.None, chain.Try(Admin, new Operation.DefineAsset("euro", 2)));
        Assert.Equal(FailureReason.AssetExists, chain.Try(Bob, new Operation.DefineAsset("euro", 2)));
        Assert.Equal(
            FailureReason.NotIssuer, chain.Try(Bob, new Operation.Issue("euro", Bob.PublicKey, new(1))));
        Assert.Equal(
            FailureReason.None, chain.Try(Admin, new Operation.Issue("euro", Alice.PublicKey, new(100))));
        Assert.Equal(FailureReason.InsufficientBalance, chain.Try(
            Alice, new Operation.Transfer("euro", Bob.PublicKey, new(101))));
        Assert.Equal(
            FailureReason.None, chain.Try(Alice, new Operation.Transfer("euro", Bob.PublicKey, new(100))));
        Assert.Equal(FailureReason.AssetUnknown, chain.Try(
            Bob, new Operation.Transfer("gold", Alice.PublicKey, new(1))));
        Assert.Equal(FailureReason.None, chain.Try(Bob, new Operation.Burn("euro", new(40))));
        Assert.Equal(FailureReason.InsufficientBalance, chain.Try(Bob, new Operation.Burn("euro", new(61))));
        Assert.Equal((0UL, 60UL), (chain.Balance(Alice, "euro"), chain.Balance(Bob, "euro")));
        Assert.Equal(
            FailureReason.Overflow, chain.Try(
                Admin, new Operation.Issue("euro", Alice.PublicKey, new(ulong.MaxValue))));
    }

    [Fact]
    public void There_is_of_an_asset_what_was_issued_less_what_was_burned_up_to_what_a_number_holds()
    {
        var chain = new Chain();
        chain.Try(
            Admin, new Operation.DefineAsset("euro", 2),
            new Operation.Issue("euro", Admin.PublicKey, new(100)));
        Assert.Equal(FailureReason.None, chain.Try(Admin, new Operation.Burn("euro", new(40))));

        Assert.Equal(
            FailureReason.Overflow,
            chain.Try(Admin, new Operation.Issue("euro", Alice.PublicKey, new(ulong.MaxValue - 59))));
        Assert.Equal(
            FailureReason.None,
            chain.Try(Admin, new Operation.Issue("euro", Alice.PublicKey, new(ulong.MaxValue - 60))));
        Assert.Equal(
            FailureReason.Overflow, chain.Try(Admin, new Operation.Issue("euro", Bob.PublicKey, new(1))));
        Assert.Equal(60UL, chain.Balance(Admin, "euro"));
        Assert.Equal(ulong.MaxValue - 60, chain.Balance(Alice, "euro"));
    }

    /// <summary>So that an account that holds nothing is not in the state, nor in its root.</summary>
    [Fact]
    public void A_balance_that_is_spent_to_the_last_leaves_nothing_behind()
    {
        var chain = new Chain();
        chain.Try(
            Admin, new Operation.DefineAsset("euro", 2),
            new Operation.Issue("euro", Alice.PublicKey, new(10)));
        chain.Try(Alice, new Operation.Transfer("euro", Bob.PublicKey, new(10)));
        chain.Try(Bob, new Operation.Burn("euro", new(10)));

        Assert.Null(chain.Store.ReadState(StateKey.ForBalance(Alice.PublicKey, "euro")));
        Assert.Null(chain.Store.ReadState(StateKey.ForBalance(Bob.PublicKey, "euro")));
    }

    [Fact]
    public void A_transfer_to_oneself_changes_nothing()
    {
        var chain = new Chain();
        chain.Try(Admin, new Operation.DefineAsset("euro", 2), new Operation.Issue(
            "euro", Admin.PublicKey, new(10)));
        Assert.Equal(
            FailureReason.None, chain.Try(Admin, new Operation.Transfer("euro", Admin.PublicKey, new(10))));
        Assert.Equal(10UL, chain.Balance(Admin, "euro"));
    }

    [Fact]
    public void Roles_decide_who_may_write_and_an_admin_gives_and_takes_them()
    {
        var chain = new Chain();
        Assert.Equal(FailureReason.NotPermitted, chain.Try(Alice, new Operation.Put("docs", "a", Value)));
        Assert.Equal(FailureReason.NotPermitted, chain.Try(
            Alice, new Operation.Grant(Alice.PublicKey, Role.Admin, "")));
        Assert.Equal(
            FailureReason.None, chain.Try(Admin, new Operation.Grant(Alice.PublicKey, Role.Writer, "docs")));
        Assert.Equal(FailureReason.None, chain.Try(Alice, new Operation.Put("docs", "a", Value)));
        Assert.Equal(FailureReason.NotPermitted, chain.Try(Alice, new Operation.Put("other", "a", Value)));
        Assert.Equal(FailureReason.NotPermitted, chain.Try(Alice, new Operation.DefineAsset("gold", 0)));
        Assert.Equal(
            FailureReason.None, chain.Try(Admin, new Operation.Revoke(Alice.PublicKey, Role.Writer, "docs")));
        Assert.Equal(FailureReason.NotPermitted, chain.Try(Alice, new Operation.Put("docs", "a", Value)));
        Assert.Equal(FailureReason.KeyNotFound, chain.Try(
            Admin, new Operation.Revoke(Alice.PublicKey, Role.Writer, "docs")));
    }

    [Fact]
    public void The_last_admin_stays()
    {
        var chain = new Chain();
        Assert.Equal(
            FailureReason.None, chain.Try(Admin, new Operation.Grant(Admin.PublicKey, Role.Admin, "")));
        Assert.Equal(
            FailureReason.LastAdmin, chain.Try(Admin, new Operation.Revoke(Admin.PublicKey, Role.Admin, "")));
        Assert.Equal(
            FailureReason.None, chain.Try(Admin, new Operation.Grant(Bob.PublicKey, Role.Admin, "")));
        Assert.Equal(
            FailureReason.None, chain.Try(Bob, new Operation.Revoke(Admin.PublicKey, Role.Admin, "")));
        Assert.Equal(
            FailureReason.LastAdmin, chain.Try(Bob, new Operation.Revoke(Bob.PublicKey, Role.Admin, "")));
    }

    [Fact]
    public void A_transaction_is_applied_at_most_once_in_final_and_in_uncommitted_blocks()
    {
        var chain = new Chain();
        var once = chain.Sign(Admin, new Operation.Put("docs", "a", Value));
        var first = chain.Propose(chain.Machine.HeadHash, once, once);
        Assert.Single(first.Transactions);
        Assert.Empty(chain.Propose(first.Hash, once).Transactions);
        chain.Machine.Finalise([first], []);
        Assert.Empty(chain.Propose(chain.Machine.HeadHash, once).Transactions);

        var repeated = Forge(chain, first.Header, once);
        Assert.Contains("applied before", chain.Machine.Validate(repeated, chain.Now, _ => true)!,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_transaction_lives_to_its_last_millisecond_and_lies_at_most_a_day_ahead()
    {
        var chain = new Chain();
        Assert.Single(chain.Propose(chain.Machine.HeadHash, SignUntil(chain, chain.Now)).Transactions);
        Assert.Empty(chain.Propose(
            chain.Machine.HeadHash, SignUntil(chain, new(chain.Now.UnixMilliseconds - 1))).Transactions);
        var day = chain.Now.Plus(Limits.ValidUntilAhead);
        Assert.Single(chain.Propose(chain.Machine.HeadHash, SignUntil(chain, day)).Transactions);
        Assert.Empty(chain.Propose(
            chain.Machine.HeadHash, SignUntil(chain, new(day.UnixMilliseconds + 1))).Transactions);
    }

    [Fact]
    public void Two_machines_that_execute_the_same_blocks_agree_on_every_root()
    {
        var (one, two) = (new Chain(), new Chain());
        var chance = new Random(5);
        for (var height = 0; height < 20; height++)
        {
            var block = one.Propose(
                one.Machine.HeadHash, [.. Enumerable.Range(0, 30).Select(_ => RandomPut(one, chance))]);
            Assert.Null(two.Machine.Validate(block, two.Now, transaction => transaction.SignatureIsValid()));
            one.Machine.Finalise([block], []);
            two.Machine.Finalise([block], []);
        }

        Assert.Equal(one.Machine.Head, two.Machine.Head);
        Assert.NotEqual(Digest.Zero, one.Machine.Head.StateRoot);
    }

    [Fact]
    public void Uncommitted_blocks_stack_and_a_block_that_came_certified_is_executed_when_it_becomes_final()
    {
        var (one, two) = (new Chain(), new Chain());
        var chance = new Random(6);
        List<Block> blocks = [];
        for (var i = 0; i < 5; i++)
        {
            blocks.Add(one.Propose(i == 0
                ? one.Machine.HeadHash : blocks[^1].Hash, RandomPut(one, chance), RandomPut(one, chance)));
        }

        two.Machine.Finalise(blocks, []);
        one.Machine.Finalise(blocks[..2], []);
        one.Machine.Finalise(blocks[2..], []);
        Assert.Equal(one.Machine.Head, two.Machine.Head);
    }

    [Fact]
    public void A_layer_that_competes_with_a_final_block_is_forgotten()
    {
        var chain = new Chain();
        var left = chain.Propose(
            chain.Machine.HeadHash, chain.Sign(Admin, new Operation.Put("docs", "a", Value)));
        var right = chain.Propose(
            chain.Machine.HeadHash, chain.Sign(Admin, new Operation.Put("docs", "b", Value)));
        var onRight = chain.Propose(right.Hash, chain.Sign(Admin, new Operation.Put("docs", "c", Value)));
        chain.Machine.Finalise([left], []);
        Assert.Null(chain.Machine.Propose(onRight.Hash, [], chain.Now, new(0), 1, 1));
        Assert.Null(chain.Get("docs", "b"));
    }

    [Fact]
    public void A_machine_reopens_at_its_stores_head()
    {
        var chain = new Chain();
        chain.Try(Admin, new Operation.Put("docs", "a", Value));
        var reopened = new LedgerMachine(chain.Genesis, chain.Store);
        Assert.Equal(chain.Machine.HeadHash, reopened.HeadHash);
        var next = chain.Propose(
            chain.Machine.HeadHash, chain.Sign(Admin, new Operation.Put("docs", "b", Value)));
        Assert.Null(reopened.Validate(next, chain.Now, _ => true));
    }

    [Theory]
    [InlineData("backwards")]
    [InlineData("chain")]
    [InlineData("validators")]
    [InlineData("state")]
    [InlineData("receipts")]
    [InlineData("parent")]
    [InlineData("clock")]
    [InlineData("signature")]
    public void A_block_that_breaks_a_rule_is_refused_and_the_rule_is_named(string rule)
    {
        var chain = new Chain();
        chain.Try(Admin, new Operation.Put("docs", "a", Value));
        var good = chain.Propose(
            chain.Machine.HeadHash, chain.Sign(Admin, new Operation.Put("docs", "b", Value)));
        var other = Sha256.Hash("other"u8);
        var h = good.Header;
        var (header, words) = rule switch
        {
            "backwards" => (
                h with { Time = new(chain.Machine.Head.Time.UnixMilliseconds - 1) }, "time runs backwards"),
            "chain" => (h with { ChainId = "other" }, "another chain"),
            "validators" => (h with { ValidatorsHash = other }, "other validators"),
            "state" => (h with { StateRoot = other }, "state root"),
            "receipts" => (h with { ReceiptsRoot = other }, "receipts root"),
            "parent" => (h with { Parent = other }, "parent is not known"),
            "clock" => (h with { Time = chain.Now.Plus(Limits.ClockDrift + TimeSpan.FromMilliseconds(1)) },
                "this clock"),
            _ => (h with { Proposer = new(1) }, "signature is not valid"),
        };
        var fault = chain.Machine.Validate(
            new(header, good.Transactions), chain.Now, _ => rule != "signature");
        Assert.Contains(words, fault!, StringComparison.Ordinal);
    }

    /// <summary>
    /// A validator that was down for longer than clocks may differ must take in what its peers prepared then.
    /// </summary>
    [Fact]
    public void Only_a_clock_finds_a_block_old_and_a_block_that_is_vouched_for_is_not_held_against_it()
    {
        var chain = new Chain();
        var block = chain.Propose(
            chain.Machine.HeadHash, chain.Sign(Admin, new Operation.Put("docs", "a", Value)));
        var later = chain.Now.Plus(Limits.ClockDrift + TimeSpan.FromSeconds(1));
        var other = new LedgerMachine(chain.Genesis, chain.Store);
        Assert.Contains("this clock", other.Validate(block, later, _ => true)!, StringComparison.Ordinal);
        Assert.Null(other.Validate(block, null, _ => true));
    }

    private static Transaction SignUntil(Chain chain, Timestamp until) => Transaction.Sign(
        new("test", Admin.PublicKey, until, 7, [new Operation.Put("docs", "a", Value)]), Admin);

    private static Transaction RandomPut(Chain chain, Random chance) => chain.Sign(
        Admin, new Operation.Put("docs", $"key-{chance.Next(40)}", new[] { (byte)chance.Next(256) }));

    private static Block Forge(Chain chain, BlockHeader below, Transaction transaction) => new(
        below with
        {
            Height = below.Height.Next,
            Parent = chain.Machine.HeadHash,
            TransactionsRoot = TransactionTree.RootOf([transaction]),
        },
        [transaction]);
}
