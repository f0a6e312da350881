using Ledger.Consensus.Raft;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Simulation;

namespace Ledger.Consensus.Tests.Raft;

/// <summary>
/// What travels and what is written: one encoding each, and a door that lets nothing else in.
/// </summary>
public sealed class WireTests
{
    private static readonly Digest Chain = Sha256.Hash("chain"u8);
    private static readonly SimulatedSignatures Signatures = new(3);
    private static readonly RaftGate Gate = new(() => 3, Chain, Signatures);

    private static readonly RaftConfiguration Joint = new(
        [new(0), new(2)], [new(0), new(1)], [new(1), new(2)], [new(2)]);

    private static readonly Block Apple = new(
        new("wire", new(7), Chain, new(1), new(0), TransactionTree.RootOf([]), default, default, default,
            default), []);

    private static readonly SnapshotMark Mark = new(new(9), new(3), new(new(6), Chain), Joint);

    public static TheoryData<int> Messages => [.. Enumerable.Range(0, AllMessages.Length)];

    public static TheoryData<int> Records => [.. Enumerable.Range(0, AllRecords.Length)];

    private static Message[] AllMessages =>
    [
        new PreVote(new(4), new(9), new(3)),
        new PreVoteReply(new(3), new(4), true),
        new RequestVote(new(1), new(4), new(9), new(3), true),
        new Vote(new(4), new(2)),
        new VoteRefused(new(5)),
        new AppendEntries(new(4), new(9), new(3), []),
        new AppendEntries(
            new(4), new(9), new(3),
            [
                new NoOpEntry(new(3), new(10)), new BlockEntry(new(4), new(11), Apple),
                new BlockEntry(new(4), new(12), new(new(8), Chain), null),
                new ConfigurationEntry(new(4), new(13), Joint, Certificate()),
                new ConfigurationEntry(new(4), new(14), Joint, null),
            ]),
        new Appended(new(4), new(9), new(new(7), Chain)),
        new Appended(new(4), new(9), null),
        new AppendRefused(new(4), new(9), new(2), new(5)),
        new AppendRefused(new(4), new(9), null, new(5)),
        new Heartbeat(new(4), 77),
        new HeartbeatReply(new(4), 77, new(9), new(7)),
        new Committed(new(4), new(9), Certificate()),
        new Committed(new(4), new(9), null),
        new InstallSnapshot(new(4), Mark),
        new SnapshotStatus(new(4), new(9), 123456),
        new TimeoutNow(new(4)),
        new ReadIndex(new(4), ulong.MaxValue),
        new ReadIndexReply(new(4), 1, new(7)),
        new ReadIndexReply(new(4), 1, null),
    ];

    private static JournalRecord[] AllRecords =>
    [
        new TermEntered(new(4), null),
        new TermEntered(new(4), new(2)),
        new Stored(new BlockEntry(new(4), new(11), Apple)),
        new Stored(new ConfigurationEntry(new(4), new(13), Joint, Certificate())),
        new Truncated(new(9)),
        new Snapshotted(Mark),
        new LogLost(new(4)),
    ];

    [Theory]
    [MemberData(nameof(Messages))]
    public void A_message_reads_back_as_written_and_passes_the_gate(int which)
    {
        var encoded = RaftCodec.EncodeEnvelope(Signed(1, AllMessages[which]));
        Assert.True(RaftCodec.TryDecodeEnvelope(encoded, out var envelope, out var fault), fault);
        Assert.Equal(encoded, RaftCodec.EncodeEnvelope(envelope));
        Assert.Equal(AllMessages[which].GetType(), envelope.Message.GetType());
        Assert.NotNull(Gate.Check(envelope, new(1), out var reason));
        Assert.Equal("", reason);
    }

    [Theory]
    [MemberData(nameof(Records))]
    public void A_record_reads_back_as_written(int which)
    {
        var encoded = RaftCodec.EncodeRecord(AllRecords[which]);
        Assert.True(RaftCodec.TryDecodeRecord(encoded, out var record, out var fault), fault);
        Assert.Equal(encoded, RaftCodec.EncodeRecord(record));
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void Bytes_that_are_cut_or_turned_are_refused_or_another_message(int which)
    {
        var encoded = RaftCodec.EncodeEnvelope(Signed(1, AllMessages[which]));
        for (var length = 0; length < encoded.Length; length++)
        {
            Assert.False(RaftCodec.TryDecodeEnvelope(encoded.AsMemory(0, length), out _, out _));
        }

        for (var i = 0; i < encoded.Length; i++)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                byte[] turned = [.. encoded];
                turned[i] ^= (byte)(1 << bit);
                if (RaftCodec.TryDecodeEnvelope(turned, out var envelope, out _))
                {
                    Assert.Equal(turned, RaftCodec.EncodeEnvelope(envelope));
                    Gate.Check(envelope, new(1), out _);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void Nobody_speaks_for_another(int which)
    {
        var message = AllMessages[which];
        Assert.Null(Gate.Check(Signed(1, message), new(2), out var reason));
        Assert.Equal("wrong_sender", reason);
        Assert.Null(Gate.Check(Signed(3, message), new(3), out reason));
        Assert.Equal("unknown_sender", reason);
        if (message is PromiseMessage)
        {
            Assert.Null(Gate.Check(Signed(1, message) with { Signature = default }, new(1), out reason));
            Assert.Equal("bad_signature", reason);
        }
    }

    [Fact]
    public void What_no_correct_replica_says_is_refused()
    {
        Assert.Equal("wrong_candidate", Refusal(new RequestVote(new(2), new(4), new(9), new(3), false)));
        Assert.Equal("malformed", Refusal(new RequestVote(new(1), new(4), new(9), new(4), false)));
        Assert.Equal("malformed", Refusal(new PreVote(new(4), new(9), new(5))));
        Assert.Equal("malformed", Refusal(new AppendEntries(new(4), new(9), new(5), [])));
        Assert.Equal("malformed", Refusal(Append(new NoOpEntry(new(4), new(11)))));
        Assert.Equal("malformed", Refusal(Append(new NoOpEntry(new(5), new(10)))));
        Assert.Equal("malformed", Refusal(Append(new NoOpEntry(new(2), new(10)))));
        Assert.Equal("malformed", Refusal(new InstallSnapshot(new(2), Mark)));
        RaftConfiguration strange = new([new(0), new(Limits.Validators)], [], [], []);
        Assert.Equal(
            "unknown_member", Refusal(Append(new ConfigurationEntry(new(4), new(10), strange, null))));
        Assert.Equal(
            "unknown_member", Refusal(new InstallSnapshot(new(4), Mark with { Configuration = strange })));

        static AppendEntries Append(LogEntry entry) => new(new(4), new(9), new(3), [entry]);
    }

    [Fact]
    public void A_certificate_needs_every_signature_it_shows()
    {
        var good = Certificate();
        QuorumCertificate forged = new(good.Kind, good.Subject, [good.Signers[0], new(new(1), default)]);
        QuorumCertificate twice = new(good.Kind, good.Subject, [good.Signers[0], good.Signers[0]]);
        foreach (var bad in (QuorumCertificate[])[forged, twice])
        {
            AssertRefused("bad_certificate", bad);
        }
    }

    /// <summary>
    /// Who signed may have got a seat in a block that this replica still lacks: no fault, and nothing to act
    /// on.
    /// </summary>
    [Fact]
    public void A_certificate_of_a_validator_that_is_not_known_yet_waits_for_the_blocks_that_tell_of_it()
    {
        var good = Certificate();
        AssertRefused(
            RaftGate.LaterMember, new(good.Kind, good.Subject, [new(new(7), good.Signers[0].Signature)]));
        AssertRefused(
            "bad_certificate",
            new(good.Kind, good.Subject, [new(new(Limits.Validators), good.Signers[0].Signature)]));
    }

    private static void AssertRefused(string reason, QuorumCertificate certificate)
    {
        Assert.Equal(reason, Refusal(new Committed(new(4), new(9), certificate)));
        Assert.Equal(reason, Refusal(
            new AppendEntries(
                new(4), new(9), new(3), [new ConfigurationEntry(new(4), new(10), Joint, certificate)])));
    }

    [Fact]
    public void A_segment_needs_a_majority_of_those_who_certify()
    {
        var certificate = Certificate();
        Assert.NotNull(Gate.CheckSegment([Apple], certificate, [new(0), new(1), new(2)]));
        Assert.Null(Gate.CheckSegment([Apple], certificate, [new(1), new(2)]));
        Assert.Null(Gate.CheckSegment([], certificate, [new(0), new(1), new(2)]));
        Assert.Null(Gate.CheckSegment([Apple, Apple], certificate, [new(0), new(1), new(2)]));
    }

    [Fact]
    public void Statements_of_votes_acknowledgements_and_blocks_never_coincide()
    {
        var subject = new Subject(new(4), new(7), Chain);
        Statement[] statements =
        [
            new Vote(new(4), new(7)).StatementOn(Chain), new Appended(new(4), new(7), null)
                .StatementOn(Chain),
            new Appended(new(4), new(7), new(new(7), Chain)).StatementOn(Chain), subject.Prepare(Chain),
        ];
        Assert.Equal(4, statements.Distinct().Count());
        Assert.Equal(subject.Commit(Chain), statements[2]);
    }

    [Fact]
    public void The_bytes_that_are_signed_are_fixed()
    {
        Span<byte> bytes = stackalloc byte[Statement.Size];
        new Vote(new(4), new(7)).StatementOn(default).WriteTo(bytes);
        Assert.Equal(
            "6c65646765722f766f74652f76310000" + new string('0', 64)
                + "05000000000000000400000000000000070000000000000000" + new string('0', 64),
            Convert.ToHexStringLower(bytes));
        new Appended(new(4), new(9), null).StatementOn(default).WriteTo(bytes);
        Assert.Equal(
            "6c65646765722f766f74652f76310000" + new string('0', 64)
                + "06000000000000000400000000000000000000000000000009" + new string('0', 64),
            Convert.ToHexStringLower(bytes));
    }

    private static string Refusal(Message message)
    {
        Assert.Null(Gate.Check(Signed(1, message), new(1), out var reason));
        return reason;
    }

    private static Envelope Signed(int from, Message message)
        => new(
            new(from), message,
            message is PromiseMessage promise
            ? Signatures.Sign(new(from), promise.StatementOn(Chain)) : default);

    private static QuorumCertificate Certificate()
    {
        var subject = new Subject(new(4), Apple.Height, Apple.Hash);
        return new(
            StatementKind.Commit, subject,
            [.. new ValidatorIndex[] { new(0), new(2) }.Select(
                v => new Signer(v, Signatures.Sign(v, subject.Commit(Chain))))]);
    }
}
