using System.Buffers;
using System.Buffers.Binary;
using Ledger.Consensus;
using Ledger.Consensus.Pbft;
using Ledger.Core;
using Ledger.Crypto;
using MessagePack;

namespace Ledger.EndToEnd.Harness;

/// <summary>
/// What a validator may send for ever without breaking a rule: well-formed, well signed and of no use.
/// </summary>
/// <param name="network">Whose last validator is the liar.</param>
/// <param name="certificate">A prepared certificate of this network.</param>
/// <param name="final">Transactions that are final by now.</param>
internal sealed class Floods(
    TestNetwork network, QuorumCertificate certificate, IReadOnlyList<Transaction> final)
{
    private const byte TransactionsFrame = 2;
    private const byte RequestFrame = 3;
    private const byte ResponseFrame = 4;
    private const byte PingFrame = 5;
    private const byte EvidenceFrame = 7;
    private const byte SnapshotRequestFrame = 8;
    private const int Signed = 2_000;

    private readonly ValidatorIndex _liar = new(network.Nodes.Count - 1);

    public static TheoryData<string> All =>
    [
        nameof(Pings), nameof(Votes), nameof(ViewChanges), nameof(ReadQueries), nameof(ReadAnswers),
        nameof(Statuses), nameof(BlockRanges), nameof(SnapshotOffers), nameof(UnaskedAnswers),
        nameof(KnownTransactions), nameof(DoubleVotes),
    ];

    private SigningKey Key => network.Nodes[^1].Key;

    /// <returns>Frames, to be sent again and again.</returns>
    public byte[] Of(string name) => name switch
    {
        nameof(Pings) => Pings(),
        nameof(Votes) => Votes(),
        nameof(ViewChanges) => ViewChanges(),
        nameof(ReadQueries) => ReadQueries(),
        nameof(ReadAnswers) => ReadAnswers(),
        nameof(Statuses) => Statuses(),
        nameof(BlockRanges) => BlockRanges(),
        nameof(SnapshotOffers) => SnapshotOffers(),
        nameof(UnaskedAnswers) => UnaskedAnswers(),
        nameof(KnownTransactions) => KnownTransactions(),
        _ => DoubleVotes(),
    };

    public static int CountIn(ReadOnlySpan<byte> frames)
    {
        var count = 0;
        for (; !frames.IsEmpty; count++)
        {
            frames = frames[(RawPeer.HeaderBytes + BinaryPrimitives.ReadInt32BigEndian(frames))..];
        }

        return count;
    }

    public static byte[] Pings() => Repeat(PingFrame, _ => new byte[8]);

    /// <summary>For blocks that nobody has proposed.</summary>
    private byte[] Votes() => Repeat(
        RawPeer.Consensus,
        i => Say(new Prepare(new(certificate.Subject.View, new(1_000_000 + i), Sha256.Hash([1])))));

    /// <summary>Four signatures to check in each.</summary>
    private byte[] ViewChanges() => Repeat(
        RawPeer.Consensus,
        i => Say(new ViewChange(new(certificate.Subject.View.Value + 1 + i), certificate)));

    private byte[] ReadQueries() => Repeat(RawPeer.Consensus, i => Say(new ReadQuery(i)));

    private byte[] ReadAnswers() => Repeat(
        RawPeer.Consensus, i => Say(new ReadAnswer(i, certificate, new(1))));

    /// <summary>Of a ledger that is far ahead.</summary>
    private byte[] Statuses() => Repeat(
        RawPeer.Consensus,
        i => Say(new Status(certificate.Subject.View, true, new(1_000_000_000 + i))));

    private static byte[] BlockRanges() => Repeat(RequestFrame, i => Write((ref MessagePackWriter writer) =>
    {
        writer.WriteArrayHeader(2);
        writer.Write(i);
        writer.Write(1UL);
    }));

    private static byte[] SnapshotOffers() => Repeat(
        SnapshotRequestFrame, i => Write((ref MessagePackWriter writer) =>
        {
            writer.WriteArrayHeader(4);
            writer.Write(i);
            writer.Write(1);
            writer.Write(0UL);
            writer.Write(0);
        }));

    private static byte[] UnaskedAnswers() => Repeat(
        ResponseFrame, i => Write((ref MessagePackWriter writer) =>
        {
            writer.WriteArrayHeader(4);
            writer.Write(1_000_000_000 + i);
            writer.Write(0UL);
            writer.WriteArrayHeader(1);
            writer.Write(new byte[Limits.BlockBytes]);
            writer.WriteArrayHeader(0);
        }), count: 4);

    private byte[] KnownTransactions() => Repeat(TransactionsFrame, _ => TestClient.Batch(final), count: 10);

    /// <summary>Its own, for heights that come nearer and nearer, and never come.</summary>
    private byte[] DoubleVotes() => Repeat(EvidenceFrame, i =>
    {
        Offence offence = new(
            Key.PublicKey, StatementKind.Commit, certificate.Subject.View, new(1_000_000_000 - i));
        return Evidence.Of(offence, Vote(offence, 1), Vote(offence, 2)).Encode();
    });

    private SignedVote Vote(Offence offence, byte number)
    {
        var block = Sha256.Hash([number]);
        return new(block, Sign(
            new(network.Genesis.Hash, offence.Kind, offence.View, View.Zero, offence.Height, block)));
    }

    private byte[] Say(Message message) => PbftCodec.EncodeEnvelope(new(
        _liar, message,
        message is PromiseMessage promise ? Sign(promise.StatementOn(network.Genesis.Hash)) : default));

    private Signature Sign(Statement statement)
    {
        var bytes = new byte[Statement.Size];
        statement.WriteTo(bytes);
        return Key.Sign(bytes);
    }

    private static byte[] Repeat(byte kind, Func<ulong, byte[]> payload, int count = Signed)
    {
        ArrayBufferWriter<byte> frames = new();
        for (ulong i = 0; i < (ulong)count; i++)
        {
            var bytes = payload(i);
            frames.Write(RawPeer.Header(bytes.Length, kind));
            frames.Write(bytes);
        }

        return frames.WrittenSpan.ToArray();
    }

    private static byte[] Write(Writer write)
    {
        ArrayBufferWriter<byte> buffer = new();
        MessagePackWriter writer = new(buffer);
        write(ref writer);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private delegate void Writer(ref MessagePackWriter writer);
}
