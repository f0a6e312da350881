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
            _final.Genesis, _chain.Key(Self).PublicKey, Epoch.First(_final.Genesis), ValidatorHistory.Of(
                _final.Genesis));
        _silence = new(_directory);
    }

    public void Dispose() => _final.Dispose();

    [Fact]
    public void It_ends_two_windows_above_the_first_commit_and_binds_to_a_view_above_any_asked_for()
    {
        Commit(10, view: 2);
        Assert.Null(EndAt(10));
        Commit(137, view: 4);
        Assert.Null(EndAt(137));
        Commit(138, view: 5);
        Assert.Null(EndAt(137));

        Assert.Equal(
            new LeftFor(new(7), QuorumCertificate.ForGenesis(_final.Genesis.Block.Hash)), EndAt(138));
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

    /// <summary>
    /// Who was heard low keeps its seat: that the others change every few blocks takes nothing from what it
    /// said.
    /// </summary>
    [Fact]
    public void It_ends_although_no_epoch_is_as_long_as_two_windows()
    {
        Commit(10, view: 2);
        for (var (epoch, height) = (1UL, 40UL); height < 138; (epoch, height) = (epoch + 1, height + 30))
        {
            Begin(epoch, height, epoch % 2 == 1
                ? Joins(3 + (int)((epoch + 1) / 2)) : Leaves(3 + (int)(epoch / 2)));
            CommitInEpoch(height + 1);
            Assert.Null(EndAt(height + 1));
        }

        CommitInEpoch(137);
        Assert.Null(EndAt(137));
        CommitInEpoch(138, views: 5);
        Assert.Equal(
            new LeftFor(new(_directory.Epoch.Start.View.Value + 7), _directory.Epoch.StartCertificate), EndAt(
                138));
    }

    /// <summary>
    /// A quorum of newcomers may have gone on without any of those that were heard at first.
    /// </summary>
    [Fact]
    public void Who_has_no_seat_any_more_vouches_for_nothing()
    {
        Commit(10, view: 0);

        // Asked before the chain has come as far as they vouch for: nothing is shown by that.
        Assert.Null(EndAt(39));
        Begin(1, 40, Joins(4));
        Begin(2, 41, Leaves(0));
        CommitInEpoch(60);
        Begin(3, 80, Joins(5));
        Begin(4, 81, Leaves(1));
        CommitInEpoch(100);
        CommitInEpoch(187);
        Assert.Null(EndAt(187));

        // Of 2, 3, 4 and 5 three must be known: 2 was heard at 10, 4 at 60 and 5 at 100.
        CommitInEpoch(228 - 1);
        Assert.Null(EndAt(227));
        CommitInEpoch(228);
        Assert.NotNull(EndAt(228));
    }

    /// <summary>
    /// Three of seven leave room for a quorum of the others: it may have ended the epoch before our start,
    /// and we may have signed up to a window above its last block.
    /// </summary>
    [Fact]
    public void Those_who_bind_the_present_set_need_not_have_bound_the_one_before()
    {
        Begin(1, 20, Joins(4), Joins(5), Joins(6));
        Commit(30, _directory.Epoch.Start.View.Value);
        Assert.Null(EndAt(119));
        Begin(2, 120, Leaves(4), Leaves(5), Leaves(6));
        CommitInEpoch(158);
        Assert.Null(EndAt(158));
        CommitInEpoch(184);
        Assert.Null(EndAt(184));
        CommitInEpoch(185);
        Assert.NotNull(EndAt(185));
    }

    [Fact]
    public void The_commit_that_ends_it_is_of_the_present_set()
    {
        Commit(10, view: 2);
        Commit(140, view: 2);
        Begin(1, 140, Joins(4));
        Assert.Null(EndAt(140));
        Commit(141, _directory.Epoch.Start.View.Value);
        Assert.Null(EndAt(141));
        CommitInEpoch(142);
        Assert.NotNull(EndAt(142));
    }

    private static SeatChange Joins(int seat)
        => new(new(seat), new($"late {seat}", new(Sha256.Hash([(byte)seat]).ToArray())));

    private static SeatChange Leaves(int seat) => new(new(seat), null);

    private void Begin(ulong number, ulong height, params SeatChange[] changes)
        => _directory.Begin(
            Epoch.After(number, _directory.Validators.With(changes)!, new(height), Sha256.Hash([1])),
            _directory.History, new(height));

    /// <summary>By all others of the present set, in one of its first views.</summary>
    private void CommitInEpoch(ulong height, ulong views = 0)
        => Commit(
            height, _directory.Epoch.Start.View.Value + views,
            [.. _directory.Validators.Indices.Select(index => index.Value).Where(index => index != Self)]);

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
        var envelope = new Envelope(
            new(validator), commit, _chain.Key(Math.Min(validator, Self)).Sign(statement));
        _silence.Heard(gate.Check(envelope, new(validator), out var reason)
            ?? throw new InvalidOperationException(reason));
    }

    private sealed class AllValid : ISignatureVerifier
    {
        public bool Verify(ValidatorIndex validator, in Statement statement, in Signature signature) => true;
    }
}
