using System.Diagnostics.CodeAnalysis;
using Ledger.Core;
using Ledger.Crypto;
using MessagePack;

namespace Ledger.Consensus.Raft;

/// <summary>
/// The canonical encodings of Raft's envelopes and journal records: [kind, fields...]. Blocks travel as byte
/// strings in their own encoding, so that they are encoded once and hashed once.
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
        TermEntered = 32,
        Stored = 33,
        Truncated = 34,
        Snapshotted = 35,
        Block = 48,
        BlockWithoutBody = 49,
        NoOp = 50,
        Configuration = 51,
    }

    public static byte[] EncodeEnvelope(Envelope envelope) => Canonical.Encode(envelope, WriteEnvelope);

    public static bool TryDecodeEnvelope(
        ReadOnlyMemory<byte> encoded,
        [MaybeNullWhen(false)] out Envelope envelope,
        [NotNullWhen(false)] out string? fault)
        => Canonical.TryDecode(encoded, ReadEnvelope, WriteEnvelope, out envelope, out fault);

    public static byte[] EncodeRecord(JournalRecord record) => Canonical.Encode(record, WriteRecord);

    /// <summary>
    /// Decodes a record of our own journal; a fault means a damaged disk, not a lying peer.
    /// </summary>
    public static bool TryDecodeRecord(
        ReadOnlyMemory<byte> encoded,
        [MaybeNullWhen(false)] out JournalRecord record,
        [NotNullWhen(false)] out string? fault)
        => Canonical.TryDecode(encoded, ReadRecord, WriteRecord, out record, out fault);

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

        return reader.TryReadNil() ? new(from, message) : throw new MalformedException("a hint has no signature");
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
                WriteEntries(ref writer, append.Entries);
                break;
            case Appended { Block: { } block } appended:
                WriteHead(ref writer, Kind.Appended, 4);
                writer.Write(appended.Term.Value);
                writer.Write(appended.Index.Value);
                WriteBlockId(ref writer, block);
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
                WriteCertificate(ref writer, committed.Certificate);
                break;
            case InstallSnapshot install:
                WriteHead(ref writer, Kind.InstallSnapshot, 2);
                writer.Write(install.Term.Value);
                WriteMark(ref writer, install.Mark);
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
            (Kind.PreVote, 3) => new PreVote(ReadTerm(ref reader), ReadIndexOf(ref reader), ReadTerm(ref reader)),
            (Kind.PreVoteReply, 3) => new PreVoteReply(
                ReadTerm(ref reader), ReadTerm(ref reader), reader.ReadBoolean()),
            (Kind.RequestVote, 5) => new RequestVote(
                Fields.ReadValidator(ref reader), ReadTerm(ref reader), ReadIndexOf(ref reader), ReadTerm(ref reader),
                reader.ReadBoolean()),
            (Kind.Vote, 2) => new Vote(ReadTerm(ref reader), Fields.ReadValidator(ref reader)),
            (Kind.VoteRefused, 1) => new VoteRefused(ReadTerm(ref reader)),
            (Kind.AppendEntries, 4) => ReadAppend(ref reader),
            (Kind.Appended, 4) => new Appended(
                ReadTerm(ref reader), ReadIndexOf(ref reader), ReadBlockId(ref reader)),
            (Kind.Appended, 2) => new Appended(ReadTerm(ref reader), ReadIndexOf(ref reader), null),
            (Kind.AppendRefused, 3 or 4) => ReadRefusal(ref reader, fields),
            (Kind.Heartbeat, 2) => new Heartbeat(ReadTerm(ref reader), ReadNumber(ref reader)),
            (Kind.HeartbeatReply, 4) => new HeartbeatReply(
                ReadTerm(ref reader), ReadNumber(ref reader), ReadIndexOf(ref reader), ReadHeight(ref reader)),
            (Kind.Committed, 3) => new Committed(
                ReadTerm(ref reader), ReadIndexOf(ref reader), ReadCertificate(ref reader)),
            (Kind.InstallSnapshot, 2) => new InstallSnapshot(ReadTerm(ref reader), ReadMark(ref reader)),
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

    private static AppendEntries ReadAppend(ref MessagePackReader reader)
    {
        var (term, index, previous) = (ReadTerm(ref reader), ReadIndexOf(ref reader), ReadTerm(ref reader));
        var entries = new LogEntry[Fields.ReadCount(ref reader, EntriesMax, "entries")];
        for (var i = 0; i < entries.Length; i++)
        {
            entries[i] = ReadEntry(ref reader);
        }

        return new(term, index, previous, entries);
    }

    private static AppendRefused ReadRefusal(ref MessagePackReader reader, int fields)
    {
        var (term, previous, index) = (ReadTerm(ref reader), ReadIndexOf(ref reader), ReadIndexOf(ref reader));
        return new(term, previous, fields == 4 ? ReadTerm(ref reader) : null, index);
    }

    private static void WriteRecord(ref MessagePackWriter writer, JournalRecord record)
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
                WriteEntry(ref writer, stored.Entry);
                break;
            case Truncated truncated:
                WriteHead(ref writer, Kind.Truncated, 1);
                writer.Write(truncated.From.Value);
                break;
            case Snapshotted snapshotted:
                WriteHead(ref writer, Kind.Snapshotted, 1);
                WriteMark(ref writer, snapshotted.Mark);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(record), "Not a record of Raft.");
        }
    }

    private static JournalRecord ReadRecord(ref MessagePackReader reader)
    {
        var fields = reader.ReadArrayHeader() - 1;
        var kind = (Kind)reader.ReadByte();
        return (kind, fields) switch
        {
            (Kind.TermEntered, 1) => new TermEntered(ReadTerm(ref reader), null),
            (Kind.TermEntered, 2) => new TermEntered(ReadTerm(ref reader), Fields.ReadValidator(ref reader)),
            (Kind.Stored, 1) => new Stored(ReadEntry(ref reader)),
            (Kind.Truncated, 1) => new Truncated(ReadIndexOf(ref reader)),
            (Kind.Snapshotted, 1) => new Snapshotted(ReadMark(ref reader)),
            _ => throw new MalformedException($"no record has kind {(byte)kind} with {fields} fields"),
        };
    }

    private static void WriteEntries(ref MessagePackWriter writer, IReadOnlyList<LogEntry> entries)
    {
        writer.WriteArrayHeader(entries.Count);
        foreach (var entry in entries)
        {
            WriteEntry(ref writer, entry);
        }
    }

    private static void WriteEntry(ref MessagePackWriter writer, LogEntry entry)
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
                WriteConfiguration(ref writer, change.Configuration);
                WriteCertificate(ref writer, change.Certificate);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(entry), "Not an entry of the log.");
        }
    }

    private static LogEntry ReadEntry(ref MessagePackReader reader)
    {
        var fields = reader.ReadArrayHeader() - 3;
        var kind = (Kind)reader.ReadByte();
        var (term, index) = (ReadTerm(ref reader), ReadIndexOf(ref reader));
        return (kind, fields) switch
        {
            (Kind.Block, 1) => new BlockEntry(term, index, ReadBlock(ref reader)),
            (Kind.BlockWithoutBody, 2) => new BlockEntry(term, index, ReadBlockId(ref reader), null),
            (Kind.NoOp, 0) => new NoOpEntry(term, index),
            (Kind.Configuration, 2) => new ConfigurationEntry(
                term, index, ReadConfiguration(ref reader), ReadCertificate(ref reader)),
            _ => throw new MalformedException($"no entry has kind {(byte)kind} with {fields} fields"),
        };
    }

    private static void WriteMark(ref MessagePackWriter writer, SnapshotMark mark)
    {
        writer.WriteArrayHeader(5);
        writer.Write(mark.Index.Value);
        writer.Write(mark.Term.Value);
        WriteBlockId(ref writer, mark.Block);
        WriteConfiguration(ref writer, mark.Configuration);
    }

    private static SnapshotMark ReadMark(ref MessagePackReader reader)
    {
        Fields.ReadFixedArray(ref reader, 5, "a snapshot's mark");
        return new(
            ReadIndexOf(ref reader), ReadTerm(ref reader), ReadBlockId(ref reader), ReadConfiguration(ref reader));
    }

    private static void WriteConfiguration(ref MessagePackWriter writer, RaftConfiguration configuration)
    {
        writer.WriteArrayHeader(4);
        WriteValidators(ref writer, configuration.Voters);
        WriteValidators(ref writer, configuration.Outgoing);
        WriteValidators(ref writer, configuration.Learners);
        WriteValidators(ref writer, configuration.Witnesses);
    }

    private static RaftConfiguration ReadConfiguration(ref MessagePackReader reader)
    {
        Fields.ReadFixedArray(ref reader, 4, "a configuration");
        var voters = ReadValidators(ref reader);
        return voters.Length == 0
            ? throw new MalformedException("a configuration has voters")
            : new(voters, ReadValidators(ref reader), ReadValidators(ref reader), ReadValidators(ref reader));
    }

    private static void WriteValidators(ref MessagePackWriter writer, IReadOnlyList<ValidatorIndex> validators)
    {
        writer.WriteArrayHeader(validators.Count);
        foreach (var validator in validators)
        {
            writer.Write(validator.Value);
        }
    }

    /// <summary>In any order: that they ascend, each once, the canonical check of the whole sees.</summary>
    private static ValidatorIndex[] ReadValidators(ref MessagePackReader reader)
    {
        var validators = new ValidatorIndex[Fields.ReadCount(ref reader, Limits.Validators, "validators")];
        for (var i = 0; i < validators.Length; i++)
        {
            validators[i] = Fields.ReadValidator(ref reader);
        }

        return validators;
    }

    private static void WriteCertificate(ref MessagePackWriter writer, QuorumCertificate? certificate)
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

    private static QuorumCertificate? ReadCertificate(ref MessagePackReader reader)
    {
        if (reader.TryReadNil())
        {
            return null;
        }

        var certificate = CertificateCodec.Read(ref reader);
        return certificate.Kind == StatementKind.Commit && certificate.Subject.View.Value <= NumberMax
            && certificate.Subject.Height.Value is > 0 and <= NumberMax
            ? certificate
            : throw new MalformedException("a commit certificate is expected");
    }

    private static void WriteBlockId(ref MessagePackWriter writer, BlockId block)
    {
        writer.Write(block.Height.Value);
        Fields.WriteDigest(ref writer, block.Hash);
    }

    private static BlockId ReadBlockId(ref MessagePackReader reader)
        => new(ReadHeight(ref reader), Fields.ReadDigest(ref reader));

    private static Block ReadBlock(ref MessagePackReader reader)
    {
        var bytes = Fields.SliceBytes(ref reader, Limits.BlockBytes, "block");
        return BlockCodec.TryDecode(bytes, out var block, out var fault)
            ? block
            : throw new MalformedException($"block: {fault}");
    }

    private static Term ReadTerm(ref MessagePackReader reader) => new(ReadNumber(ref reader));

    private static LogIndex ReadIndexOf(ref MessagePackReader reader) => new(ReadNumber(ref reader));

    private static Height ReadHeight(ref MessagePackReader reader) => new(ReadNumber(ref reader));

    private static ulong ReadNumber(ref MessagePackReader reader)
    {
        var number = reader.ReadUInt64();
        return number <= NumberMax ? number : throw new MalformedException("a number is out of range");
    }

    private static void WriteEntryHead(ref MessagePackWriter writer, Kind kind, LogEntry entry, int fields)
    {
        writer.WriteArrayHeader(fields + 3);
        writer.Write((byte)kind);
        writer.Write(entry.Term.Value);
        writer.Write(entry.Index.Value);
    }

    private static void WriteHead(ref MessagePackWriter writer, Kind kind, int fields)
    {
        writer.WriteArrayHeader(fields + 1);
        writer.Write((byte)kind);
    }

    private static void WriteHead(
        ref MessagePackWriter writer, Kind kind, Term term, params ReadOnlySpan<ulong> numbers)
    {
        WriteHead(ref writer, kind, numbers.Length + 1);
        writer.Write(term.Value);
        foreach (var number in numbers)
        {
            writer.Write(number);
        }
    }
}
