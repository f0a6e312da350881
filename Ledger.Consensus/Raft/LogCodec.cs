using Ledger.Core;
using MessagePack;
using static Ledger.Consensus.Raft.RaftFields;

namespace Ledger.Consensus.Raft;

/// <summary>
/// The canonical encodings of the log's entries, and of a snapshot's mark that stands in the place of many.
/// </summary>
internal static class LogCodec
{
    private enum Kind : byte
    {
        Block = 48,
        BlockWithoutBody = 49,
        NoOp = 50,
        Configuration = 51,
    }

    public static void WriteEntries(ref MessagePackWriter writer, IReadOnlyList<LogEntry> entries)
    {
        writer.WriteArrayHeader(entries.Count);
        foreach (var entry in entries)
        {
            WriteEntry(ref writer, entry);
        }
    }

    public static LogEntry[] ReadEntries(ref MessagePackReader reader)
    {
        var entries = new LogEntry[Fields.ReadCount(ref reader, RaftCodec.EntriesMax, "entries")];
        for (var i = 0; i < entries.Length; i++)
        {
            entries[i] = ReadEntry(ref reader);
        }

        return entries;
    }

    public static void WriteEntry(ref MessagePackWriter writer, LogEntry entry)
    {
        switch (entry)
        {
            case BlockEntry { Body: { } body }:
                WriteEntryHead(ref writer, Kind.Block, entry, 1);
                writer.Write(body.Encoded.Span);
                break;
            case BlockEntry block:
                WriteEntryHead(ref writer, Kind.BlockWithoutBody, entry, 2);
                WriteBlockId(ref writer, block.Id);
                break;
            case NoOpEntry:
                WriteEntryHead(ref writer, Kind.NoOp, entry, 0);
                break;
            case ConfigurationEntry change:
                WriteEntryHead(ref writer, Kind.Configuration, entry, 2);
                ConfigurationCodec.Write(ref writer, change.Configuration);
                WriteCertificate(ref writer, change.Certificate);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(entry), "Not an entry of the log.");
        }
    }

    public static LogEntry ReadEntry(ref MessagePackReader reader)
    {
        var fields = reader.ReadArrayHeader() - 3;
        var kind = (Kind)reader.ReadByte();
        var (term, index) = (ReadTerm(ref reader), ReadIndexOf(ref reader));
        return (kind, fields) switch
        {
            (Kind.Block, 1) => new BlockEntry(term, index, WireFields.ReadBlock(ref reader)),
            (Kind.BlockWithoutBody, 2) => new BlockEntry(term, index, ReadBlockId(ref reader), null),
            (Kind.NoOp, 0) => new NoOpEntry(term, index),
            (Kind.Configuration, 2) => new ConfigurationEntry(
                term, index, ConfigurationCodec.Read(ref reader), ReadCertificate(ref reader)),
            _ => throw new MalformedException($"no entry has kind {(byte)kind} with {fields} fields"),
        };
    }

    public static void WriteMark(ref MessagePackWriter writer, SnapshotMark mark)
    {
        writer.WriteArrayHeader(5);
        writer.Write(mark.Index.Value);
        writer.Write(mark.Term.Value);
        WriteBlockId(ref writer, mark.Block);
        ConfigurationCodec.Write(ref writer, mark.Configuration);
    }

    public static SnapshotMark ReadMark(ref MessagePackReader reader)
    {
        Fields.ReadFixedArray(ref reader, 5, "a snapshot's mark");
        return new(
            ReadIndexOf(ref reader), ReadTerm(ref reader), ReadBlockId(ref reader),
            ConfigurationCodec.Read(ref reader));
    }

    public static void WriteCertificate(ref MessagePackWriter writer, QuorumCertificate? certificate)
    {
        if (certificate is null)
        {
            writer.WriteNil();
        }
        else
        {
            CertificateCodec.Write(ref writer, certificate);
        }
    }

    public static QuorumCertificate? ReadCertificate(ref MessagePackReader reader)
    {
        if (reader.TryReadNil())
        {
            return null;
        }

        var certificate = CertificateCodec.Read(ref reader);
        return certificate.Kind == StatementKind.Commit
            && certificate.Subject.View.Value <= RaftCodec.NumberMax
            && certificate.Subject.Height.Value is > 0 and <= RaftCodec.NumberMax
            ? certificate
            : throw new MalformedException("a commit certificate is expected");
    }

    public static void WriteBlockId(ref MessagePackWriter writer, BlockId block)
    {
        writer.Write(block.Height.Value);
        Fields.WriteDigest(ref writer, block.Hash);
    }

    public static BlockId ReadBlockId(ref MessagePackReader reader)
        => new(ReadHeight(ref reader), Fields.ReadDigest(ref reader));

    private static void WriteEntryHead(ref MessagePackWriter writer, Kind kind, LogEntry entry, int fields)
    {
        writer.WriteArrayHeader(fields + 3);
        writer.Write((byte)kind);
        writer.Write(entry.Term.Value);
        writer.Write(entry.Index.Value);
    }
}
