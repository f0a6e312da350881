using System.Diagnostics.CodeAnalysis;
using Ledger.Core;
using Ledger.Crypto;
using MessagePack;
using static Ledger.Consensus.Raft.RaftFields;

namespace Ledger.Consensus.Raft;

/// <summary>
/// The canonical encodings of Raft's envelopes: [kind, fields...]. Blocks travel as byte strings in their own
/// encoding, so that they are encoded once and hashed once. Journal records are beside it, in
/// <see cref="RaftRecordCodec"/>.
/// </summary>
public static class RaftCodec
{
    /// <summary>
    /// The largest term, index or round a message may name: far beyond use, far below overflow.
    /// </summary>
    public const ulong NumberMax = 1UL << 48;

    /// <summary>Entries in one message.</summary>
    public const int EntriesMax = 1024;

    private enum Kind : byte
    {
        PreVote = 1,
        PreVoteReply = 2,
        RequestVote = 3,
        Vote = 4,
        VoteRefused = 5,
        AppendEntries = 6,
        Appended = 7,
        AppendRefused = 8,
        Heartbeat = 9,
        HeartbeatReply = 10,
        Committed = 11,
        InstallSnapshot = 12,
        SnapshotStatus = 13,
        TimeoutNow = 14,
        ReadIndex = 15,
        ReadIndexReply = 16,
    }

    public static byte[] EncodeEnvelope(Envelope envelope) => Canonical.Encode(envelope, WriteEnvelope);

    public static bool TryDecodeEnvelope(
        ReadOnlyMemory<byte> encoded,
        [MaybeNullWhen(false)] out Envelope envelope,
        [NotNullWhen(false)] out string? fault)
        => Canonical.TryDecode(encoded, ReadEnvelope, WriteEnvelope, out envelope, out fault);

    public static byte[] EncodeRecord(JournalRecord record)
        => Canonical.Encode(record, RaftRecordCodec.Write);

    /// <summary>
    /// Decodes a record of our own journal; a fault means a damaged disk, not a lying peer.
    /// </summary>
    public static bool TryDecodeRecord(
        ReadOnlyMemory<byte> encoded,
        [MaybeNullWhen(false)] out JournalRecord record,
        [NotNullWhen(false)] out string? fault)
        => Canonical.TryDecode(encoded, RaftRecordCodec.Read, RaftRecordCodec.Write, out record, out fault);

    private static void WriteEnvelope(ref MessagePackWriter writer, Envelope envelope)
    {
        writer.WriteArrayHeader(3);
        writer.Write(envelope.From.Value);
        WriteMessage(ref writer, envelope.Message);
        if (envelope.Message is PromiseMessage)
        {
            Fields.WriteSignature(ref writer, envelope.Signature);
        }
        else
        {
            writer.WriteNil();
        }
    }

    private static Envelope ReadEnvelope(ref MessagePackReader reader)
    {
        Fields.ReadFixedArray(ref reader, 3, "an envelope");
        var from = Fields.ReadValidator(ref reader);
        var message = ReadMessage(ref reader);
        if (message is PromiseMessage)
        {
            return new(from, message, Fields.ReadSignature(ref reader));
        }

        return reader.TryReadNil()
            ? new(from, message) : throw new MalformedException("a hint has no signature");
    }

    private static void WriteMessage(ref MessagePackWriter writer, Message message)
    {
        switch (message)
        {
            case PreVote asked:
                WriteHead(ref writer, Kind.PreVote, asked.Term, asked.LastIndex.Value, asked.LastTerm.Value);
                break;
            case PreVoteReply reply:
                WriteHead(ref writer, Kind.PreVoteReply, 3);
                writer.Write(reply.Term.Value);
                writer.Write(reply.Asked.Value);
                writer.Write(reply.Granted);
                break;
            case RequestVote request:
                WriteHead(ref writer, Kind.RequestVote, 5);
                writer.Write(request.Candidate.Value);
                writer.Write(request.Term.Value);
                writer.Write(request.LastIndex.Value);
                writer.Write(request.LastTerm.Value);
                writer.Write(request.IsTransfer);
                break;
            case Vote vote:
                WriteHead(ref writer, Kind.Vote, vote.Term, (ulong)vote.Candidate.Value);
                break;
            case VoteRefused refused:
                WriteHead(ref writer, Kind.VoteRefused, refused.Term);
                break;
            case AppendEntries append:
                WriteHead(ref writer, Kind.AppendEntries, 4);
                writer.Write(append.Term.Value);
                writer.Write(append.PreviousIndex.Value);
                writer.Write(append.PreviousTerm.Value);
                LogCodec.WriteEntries(ref writer, append.Entries);
                break;
            case Appended { Block: { } block } appended:
                WriteHead(ref writer, Kind.Appended, 4);
                writer.Write(appended.Term.Value);
                writer.Write(appended.Index.Value);
                LogCodec.WriteBlockId(ref writer, block);
                break;
            case Appended appended:
                WriteHead(ref writer, Kind.Appended, appended.Term, appended.Index.Value);
                break;
            case AppendRefused { ConflictTerm: { } conflict } refused:
                WriteHead(
                    ref writer, Kind.AppendRefused, refused.Term, refused.PreviousIndex.Value,
                    refused.ConflictIndex.Value, conflict.Value);
                break;
            case AppendRefused refused:
                WriteHead(
                    ref writer, Kind.AppendRefused, refused.Term, refused.PreviousIndex.Value,
                    refused.ConflictIndex.Value);
                break;
            case Heartbeat heartbeat:
                WriteHead(ref writer, Kind.Heartbeat, heartbeat.Term, heartbeat.Round);
                break;
            case HeartbeatReply reply:
                WriteHead(
                    ref writer, Kind.HeartbeatReply, reply.Term, reply.Round, reply.Committed.Value,
                    reply.Decided.Value);
                break;
            case Committed committed:
                WriteHead(ref writer, Kind.Committed, 3);
                writer.Write(committed.Term.Value);
                writer.Write(committed.Index.Value);
                LogCodec.WriteCertificate(ref writer, committed.Certificate);
                break;
            case InstallSnapshot install:
                WriteHead(ref writer, Kind.InstallSnapshot, 2);
                writer.Write(install.Term.Value);
                LogCodec.WriteMark(ref writer, install.Mark);
                break;
            case SnapshotStatus status:
                WriteHead(ref writer, Kind.SnapshotStatus, 3);
                writer.Write(status.Term.Value);
                writer.Write(status.Index.Value);
                writer.Write(status.Bytes);
                break;
            case TimeoutNow timeout:
                WriteHead(ref writer, Kind.TimeoutNow, timeout.Term);
                break;
            case ReadIndex read:
                WriteHead(ref writer, Kind.ReadIndex, 2);
                writer.Write(read.Term.Value);
                writer.Write(read.Id);
                break;
            case ReadIndexReply reply:
                WriteHead(ref writer, Kind.ReadIndexReply, reply.Height is null ? 2 : 3);
                writer.Write(reply.Term.Value);
                writer.Write(reply.Id);
                if (reply.Height is { } height)
                {
                    writer.Write(height.Value);
                }

                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(message), "Not a message of Raft.");
        }
    }

    private static Message ReadMessage(ref MessagePackReader reader)
    {
        var fields = reader.ReadArrayHeader() - 1;
        var kind = (Kind)reader.ReadByte();
        return (kind, fields) switch
        {
            (Kind.PreVote, 3)
                => new PreVote(ReadTerm(ref reader), ReadIndexOf(ref reader), ReadTerm(ref reader)),
            (Kind.PreVoteReply, 3) => new PreVoteReply(
                ReadTerm(ref reader), ReadTerm(ref reader), reader.ReadBoolean()),
            (Kind.RequestVote, 5) => new RequestVote(
                Fields.ReadValidator(ref reader), ReadTerm(ref reader), ReadIndexOf(ref reader), ReadTerm(
                    ref reader),
                reader.ReadBoolean()),
            (Kind.Vote, 2) => new Vote(ReadTerm(ref reader), Fields.ReadValidator(ref reader)),
            (Kind.VoteRefused, 1) => new VoteRefused(ReadTerm(ref reader)),
            (Kind.AppendEntries, 4) => new AppendEntries(
                ReadTerm(ref reader), ReadIndexOf(ref reader), ReadTerm(ref reader),
                LogCodec.ReadEntries(ref reader)),
            (Kind.Appended, 4) => new Appended(
                ReadTerm(ref reader), ReadIndexOf(ref reader), LogCodec.ReadBlockId(ref reader)),
            (Kind.Appended, 2) => new Appended(ReadTerm(ref reader), ReadIndexOf(ref reader), null),
            (Kind.AppendRefused, 3 or 4) => ReadRefusal(ref reader, fields),
            (Kind.Heartbeat, 2) => new Heartbeat(ReadTerm(ref reader), ReadNumber(ref reader)),
            (Kind.HeartbeatReply, 4) => new HeartbeatReply(
                ReadTerm(ref reader), ReadNumber(ref reader), ReadIndexOf(ref reader), ReadHeight(
                    ref reader)),
            (Kind.Committed, 3) => new Committed(
                ReadTerm(ref reader), ReadIndexOf(ref reader), LogCodec.ReadCertificate(ref reader)),
            (Kind.InstallSnapshot, 2)
                => new InstallSnapshot(ReadTerm(ref reader), LogCodec.ReadMark(ref reader)),
            (Kind.SnapshotStatus, 3) => new SnapshotStatus(
                ReadTerm(ref reader), ReadIndexOf(ref reader), reader.ReadUInt64()),
            (Kind.TimeoutNow, 1) => new TimeoutNow(ReadTerm(ref reader)),
            (Kind.ReadIndex, 2) => new ReadIndex(ReadTerm(ref reader), reader.ReadUInt64()),
            (Kind.ReadIndexReply, 2) => new ReadIndexReply(ReadTerm(ref reader), reader.ReadUInt64(), null),
            (Kind.ReadIndexReply, 3) => new ReadIndexReply(
                ReadTerm(ref reader), reader.ReadUInt64(), ReadHeight(ref reader)),
            _ => throw new MalformedException($"no message has kind {(byte)kind} with {fields} fields"),
        };
    }

    private static AppendRefused ReadRefusal(ref MessagePackReader reader, int fields)
    {
        var (term, previous, index) = (
            ReadTerm(ref reader), ReadIndexOf(ref reader), ReadIndexOf(ref reader));
        return new(term, previous, fields == 4 ? ReadTerm(ref reader) : null, index);
    }

    private static void WriteHead(ref MessagePackWriter writer, Kind kind, int fields)
        => WireFields.WriteHead(ref writer, (byte)kind, fields);

    private static void WriteHead(
        ref MessagePackWriter writer, Kind kind, Term term, params ReadOnlySpan<ulong> numbers)
        => RaftFields.WriteHead(ref writer, (byte)kind, term, numbers);
}
