using Ledger.Core;
using MessagePack;
using static Ledger.Consensus.Raft.RaftFields;

namespace Ledger.Consensus.Raft;

/// <summary>The canonical encodings of Raft's journal records: [kind, fields...].</summary>
internal static class RaftRecordCodec
{
    private enum Kind : byte
    {
        TermEntered = 32,
        Stored = 33,
        Truncated = 34,
        Snapshotted = 35,
        LogLost = 36,
    }

    public static void Write(ref MessagePackWriter writer, JournalRecord record)
    {
        switch (record)
        {
            case TermEntered { VotedFor: { } voted } entered:
                WriteHead(ref writer, Kind.TermEntered, entered.Term, (ulong)voted.Value);
                break;
            case TermEntered entered:
                WriteHead(ref writer, Kind.TermEntered, entered.Term);
                break;
            case Stored stored:
                WriteHead(ref writer, Kind.Stored, 1);
                LogCodec.WriteEntry(ref writer, stored.Entry);
                break;
            case Truncated truncated:
                WriteHead(ref writer, Kind.Truncated, 1);
                writer.Write(truncated.From.Value);
                break;
            case Snapshotted snapshotted:
                WriteHead(ref writer, Kind.Snapshotted, 1);
                LogCodec.WriteMark(ref writer, snapshotted.Mark);
                break;
            case LogLost lost:
                WriteHead(ref writer, Kind.LogLost, lost.Term);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(record), "Not a record of Raft.");
        }
    }

    public static JournalRecord Read(ref MessagePackReader reader)
    {
        var fields = reader.ReadArrayHeader() - 1;
        var kind = (Kind)reader.ReadByte();
        return (kind, fields) switch
        {
            (Kind.TermEntered, 1) => new TermEntered(ReadTerm(ref reader), null),
            (Kind.TermEntered, 2) => new TermEntered(ReadTerm(ref reader), Fields.ReadValidator(ref reader)),
            (Kind.Stored, 1) => new Stored(LogCodec.ReadEntry(ref reader)),
            (Kind.Truncated, 1) => new Truncated(ReadIndexOf(ref reader)),
            (Kind.Snapshotted, 1) => new Snapshotted(LogCodec.ReadMark(ref reader)),
            (Kind.LogLost, 1) => new LogLost(ReadTerm(ref reader)),
            _ => throw new MalformedException($"no record has kind {(byte)kind} with {fields} fields"),
        };
    }

    private static void WriteHead(ref MessagePackWriter writer, Kind kind, int fields)
        => WireFields.WriteHead(ref writer, (byte)kind, fields);

    private static void WriteHead(
        ref MessagePackWriter writer, Kind kind, Term term, params ReadOnlySpan<ulong> numbers)
        => RaftFields.WriteHead(ref writer, (byte)kind, term, numbers);
}
