using Ledger.Consensus;
using Ledger.Consensus.Pbft;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Consensus;
using Ledger.Node.Tests.Transport;

namespace Ledger.Node.Tests.Consensus;

/// <summary>When a PBFT validator that has lost its promises may speak again.</summary>
public sealed class PbftSilenceTests : IDisposable
{
    private const int Self = 3;

    private static readonly ConsensusPosition Anywhere = new(View.Zero, true, false, Height.Genesis, null);

    private readonly TestChain _chain = new(4);
    private readonly FinalChain _final;
    private readonly ValidatorDirectory _directory;
    private readonly PbftSilence _silence;

    public PbftSilenceTests()
    {
        _final = new(_chain);
        _directory = new(
            _final.Genesis, _chain.Key(Self).PublicKey, Epoch.First(_final.Genesis), ValidatorHistory.Of(_final.Genesis));
        _silence = new(_directory);
    }

    public void Dispose() => _final.Dispose();

    [Fact]
    public void It_ends_two_windows_above_the_first_commit_heard_and_binds_to_a_view_above_any_it_can_have_asked_for()
    {
        Commit(10, view: 2);
        Assert.Null(EndAt(10));
        Commit(137, view: 4);
        Assert.Null(EndAt(137));
        Commit(138, view: 5);
        Assert.Null(EndAt(137));

        Assert.Equal(new LeftFor(new(7), QuorumCertificate.ForGenesis(_final.Genesis.Block.Hash)), EndAt(138));
    }

    [Fact]
    public void One_below_a_quorum_of_others_proves_nothing_and_our_own_word_does_not_count()
    {
        Hear(0, 10, 0);
        Hear(1, 10, 0);
        Hear(Self, 10, 0);
        Hear(1, 10, 0);
        Commit(150, view: 0);

        Assert.Null(EndAt(150));

        Commit(150 + 128, view: 0);
        Assert.NotNull(EndAt(278));
    }

    [Fact]
    public void Commits_of_different_views_or_blocks_do_not_add_up()
    {
        Commit(10, view: 0);
        Hear(0, 200, 0);
        Hear(1, 200, 1);
        Hear(2, 200, 2);
        Assert.Null(EndAt(300));
    }

    /// <summary>A quorum of one set need not meet a quorum of the next: each epoch is judged by what was said in it.</summary>
    [Fact]
    public void What_was_heard_before_a_change_of_validators_counts_for_nothing_after_it()
    {
        Commit(10, view: 2);
        Commit(137, view: 4);
        SeatChange added = new(new(4), new("late", new(Sha256.Hash([4]).ToArray())));
        var next = Epoch.After(
            1, _directory.Validators.With((SeatChange[])[added])!, new(140), Sha256.Hash([1]));
        _directory.Begin(next, _directory.History);
        Commit(141, view: next.Start.View.Value);
        Commit(150, view: next.Start.View.Value, others: [0, 1, 2, 4]);
        Assert.Null(EndAt(300));
        Commit(277, view: next.Start.View.Value, others: [0, 1, 2, 4]);
        Assert.Null(EndAt(300));
        Commit(278, view: next.Start.View.Value + 5, others: [0, 1, 2, 4]);
        Assert.Equal(new LeftFor(new(next.Start.View.Value + 7), next.StartCertificate), EndAt(300));
    }

    private void Commit(ulong height, ulong view, int[] others)
    {
        foreach (var validator in others)
        {
            Hear(validator, height, view);
        }
    }

    private void Commit(ulong height, ulong view) => Commit(height, view, [0, 1, 2]);

    private JournalRecord? EndAt(ulong head) => _silence.MayEnd(new(head), Anywhere)?.Single();

    /// <summary>Through the gate, like everything that a peer says.</summary>
    private void Hear(int validator, ulong height, ulong view)
    {
        Commit commit = new(new(new(view), new(height), Sha256.Hash(BitConverter.GetBytes(height))));
        var statement = new byte[Statement.Size];
        commit.StatementOn(_final.Genesis.Hash).WriteTo(statement);
        PbftGate gate = new(() => _directory.Epoch, _final.Genesis.Hash, new AllValid());
        var envelope = new Envelope(new(validator), commit, _chain.Key(Math.Min(validator, Self)).Sign(statement));
        _silence.Heard(gate.Check(envelope, new(validator), out var reason) ?? throw new InvalidOperationException(reason));
    }

    private sealed class AllValid : ISignatureVerifier
    {
        public bool Verify(ValidatorIndex validator, in Statement statement, in Signature signature) => true;
    }
}
