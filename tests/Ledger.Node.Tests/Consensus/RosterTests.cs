using Ledger.Consensus.Raft;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Api;
using Ledger.Node.Consensus;
using Ledger.Storage;

namespace Ledger.Node.Tests.Consensus;

/// <summary>
/// Whom a node connects to and what it tells of the members, while the ledger and the log are not at one yet.
/// </summary>
public sealed class RosterTests : IDisposable
{
    private static readonly Genesis Genesis = new(
        Keys.Chain, ConsensusMode.Raft, new(0),
        [.. Enumerable.Range(0, 3).Select(i => new Validator($"validator-{i}", KeyOf(i)))], Keys.Roles);

    private readonly TemporaryFolder _folder = new();
    private readonly LedgerStore _store;
    private readonly LedgerMachine _machine;
    private readonly ValidatorDirectory _directory;

    public RosterTests()
    {
        _store = LedgerStore.Open(_folder.Path, Genesis.Hash, Genesis.ChainId, StorageOptions.Default);
        _machine = new(Genesis, _store);
        _directory = ValidatorDirectory.Open(Genesis, KeyOf(0), _machine, _store);
    }

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void One_who_learns_has_a_connection_and_is_shown_as_learning()
    {
        Order(new Operation.AddValidator("validator-3", KeyOf(3), "localhost:7000"));
        Assert.Equal([0, 1, 2, 3], Connects(View([0, 1, 2], learners: [3])));
        Assert.Equal(
            ["0 voter settled", "1 voter settled", "2 voter settled", "3 learner learning"],
            Members(View([0, 1, 2], learners: [3])));
        Assert.False(_directory.Validators.Contains(new(3)));
    }

    [Fact]
    public void One_who_leaves_keeps_its_connection_until_the_log_can_do_without_it()
    {
        Order(new Operation.AddValidator("validator-3", KeyOf(3), "localhost:7000"));
        Order(new Operation.PromoteValidator(KeyOf(3)), new Operation.RemoveValidator(KeyOf(0)));
        MembersView joint = new(
            new([new(1), new(2), new(3)], [new(0), new(1), new(2)], [], []), Of([0, 1, 2]));
        Assert.Equal([0, 1, 2, 3], Connects(joint));
        Assert.Equal(
            ["0 voter leaving", "1 voter changing", "2 voter changing", "3 voter joining"], Members(joint));

        // Stored, and not yet committed: it may still be cut.
        Assert.Equal([0, 1, 2, 3], Connects(new(Of([1, 2, 3]), joint.Latest)));
        Assert.Equal([1, 2, 3], Connects(View([1, 2, 3])));
        Assert.Equal(["1 voter settled", "2 voter settled", "3 voter settled"], Members(View([1, 2, 3])));
    }

    [Fact]
    public void One_who_is_removed_speaks_as_who_it_was_and_is_no_member()
    {
        Order(new Operation.RemoveValidator(KeyOf(0)));
        Assert.Equal(new ValidatorIndex(0), _directory.Self);
        Assert.False(_directory.IsMember);
        Assert.Equal(_machine.Head.Height, _directory.Removal);
    }

    [Fact]
    public void A_block_that_is_final_and_not_yet_followed_by_the_log_shows_a_change_under_way()
    {
        Order(new Operation.RemoveValidator(KeyOf(2)));
        Assert.Equal(["0 voter changing", "1 voter changing", "2 voter leaving"], Members(View([0, 1, 2])));
    }

    private void Order(params Operation[] operations)
    {
        var now = _machine.Head.Time.Plus(TimeSpan.FromSeconds(1));
        var transaction = Keys.Sign(now.Plus(TimeSpan.FromHours(1)), Keys.Admin, operations);
        var block = _machine.Propose(
            _machine.HeadHash, [transaction], now, new(0), Limits.BlockTransactions, Limits.BlockBytes)!;
        Assert.True(Assert.Single(_machine.Finalise([block], [])[0].Receipts).IsApplied);
        _directory.Begin(_machine.Epoch, ValidatorHistory.Read(Genesis, key => _store.ReadState(key)),
            _machine.Head.Height);
    }

    private IEnumerable<int> Connects(MembersView members)
    {
        ValidatorSet? followed = null;
        new Roster(_directory, set => followed = set).OnLog(members);
        return followed!.Indices.Select(seat => seat.Value);
    }

    private IEnumerable<string> Members(MembersView members)
        => MemberReplies.Of(_directory, members)
            .Select(member => $"{member.Index} {member.Role} {member.Phase}");

    private static MembersView View(int[] voters, int[]? learners = null)
    {
        var settled = Of(voters, learners);
        return new(settled, settled);
    }

    private static RaftConfiguration Of(int[] voters, int[]? learners = null)
        => new([.. voters.Select(i => new ValidatorIndex(i))], [], (learners ?? [])
            .Select(i => new ValidatorIndex(i)), []);

    private static PublicKey KeyOf(int seat) => Keys.Of((byte)(seat + 1)).PublicKey;
}
