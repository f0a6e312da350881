using Ledger.Consensus;
using Ledger.Consensus.Raft;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Consensus;
using Ledger.Storage;

namespace Ledger.Node.Tests.Consensus;

/// <summary>What the node knows of Raft, and what it refuses to begin with.</summary>
public sealed class RaftConsensusTests
{
    private static readonly Genesis Genesis = new(
        Keys.Chain, ConsensusMode.Raft, new(0),
        [.. Enumerable.Range(1, 3).Select(i => new Validator($"validator-{i}", Keys.Of((byte)i).PublicKey))],
        Keys.Roles);

    private static readonly Digest Block = Sha256.Hash("a block"u8);

    private readonly RaftConsensus _raft = new(
        new(Genesis, Keys.Of(1).PublicKey, Epoch.First(Genesis), ValidatorHistory.Of(Genesis)),
        RaftOptions.Default,
        new AnySignature());

    [Fact]
    public void It_speaks_of_terms_and_bears_no_liar()
        => Assert.Equal(("term", 0, 3), (_raft.ViewWord, _raft.LiarsMax, _raft.ValidatorsForOneFault));

    [Fact]
    public void A_leader_can_be_told_to_hand_over_to_one_or_to_anyone()
    {
        Assert.Equal(new Input.TransferRequested(new ValidatorIndex(2)), _raft.HandOver(new(2)));
        Assert.Equal(new Input.TransferRequested(null), _raft.HandOver(null));
    }

    [Fact]
    public void Nobody_is_taken_for_the_leader_while_none_is_known()
    {
        ConsensusPosition unknown = new(
            new(7), Entered: false, IsPrimary: false, Height.Genesis, Primary: null);
        Assert.Null(_raft.PrimaryOf(unknown));
        Assert.Equal(new ValidatorIndex(1), _raft.PrimaryOf(unknown with { Primary = new(1) }));
    }

    /// <summary>
    /// The log went on from blocks that the ledger has lost: nothing could be executed on top.
    /// </summary>
    [Fact]
    public void A_journal_that_starts_above_the_ledger_is_refused_with_both_heights()
    {
        SnapshotMark mark = new(
            new(9), new(2), new(new(7), Block), new(Membership.AllOf(Genesis.Validators)));
        var head = new FinalHead(Genesis.Block.Hash, [Genesis.Block.Hash], Height.Genesis);

        var refused = Assert.Throws<DamagedDataException>(() => _raft.Make(head, [new Snapshotted(mark)]));

        Assert.Contains("ends at height 0", refused.Message, StringComparison.Ordinal);
        Assert.Contains("from height 7", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_journal_that_the_ledger_reaches_is_taken()
    {
        SnapshotMark mark = new(
            new(9), new(2), new(new(7), Block), new(Membership.AllOf(Genesis.Validators)));
        var (_, status) = _raft.Make(new(Genesis.Block.Hash, [Block], new(7)), [new Snapshotted(mark)]);
        Assert.Equal((new Height(7), false), (status.Committed, status.IsPrimary));
    }

    [Fact]
    public void How_high_a_peer_is_can_be_read_from_what_it_says()
    {
        var certificate = new QuorumCertificate(StatementKind.Commit, new(new(1), new(5), Block), []);
        Assert.Equal(new Height(5), _raft.HeightIn(new Committed(new(1), new(6), certificate)));
        Assert.Null(_raft.HeightIn(new Committed(new(1), new(6), null)));
        Assert.Equal(new Height(4), _raft.HeightIn(new HeartbeatReply(new(1), 1, new(6), new(4))));
        Assert.Null(_raft.HeightIn(new Heartbeat(new(1), 1)));
    }

    [Fact]
    public void What_it_encodes_it_decodes()
    {
        Envelope said = new(new(1), new Heartbeat(new(3), 4));
        Assert.True(_raft.TryDecode(_raft.Encode(said), out var heard));
        Assert.Equal(said.Message, heard!.Message);
    }

    private sealed class AnySignature : ISignatureVerifier
    {
        public bool Verify(ValidatorIndex validator, in Statement statement, in Signature signature) => true;
    }
}
