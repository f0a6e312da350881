using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Ledger.Cli.Shell;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Cli.Submit;

internal enum OperationFormat
{
    Jsonl,
    Binary,
}

/// <summary>One entry of a file: its number from 1, and its operation or what is wrong with it.</summary>
internal readonly record struct NumberedOperation(
    long Number, Operation? Operation, string? Fault, long EndOffset);

/// <summary>
/// Reads a file of operations from beginning to end, one entry at a time, in bounded memory. JSON lines are
/// split at line feeds; binary entries are a big-endian 32-bit length and an operation in its canonical
/// encoding.
/// </summary>
internal sealed class OperationFile(string path, OperationFormat format)
{
    /// <summary>A value of 64 KiB with every byte escaped, and room for the rest.</summary>
    private const int EntryBytesMax = 1024 * 1024;

    private const int LengthBytes = 4;

    public string Path { get; } = path;

    public long Length => new FileInfo(Path).Length;

    public async Task<Digest> DigestAsync(CancellationToken cancellationToken)
    {
        await using var stream = Open();
        if (!stream.CanSeek)
        {
            throw new CliException(
                $"{Path} can be read only once, and is read twice, so that no line is applied twice",
                "save it as a file and submit that");
        }

        return new(await SHA256.HashDataAsync(stream, cancellationToken));
    }

    public async IAsyncEnumerable<NumberedOperation> ReadAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reader = PipeReader.Create(Open(), new(bufferSize: 64 * 1024));
        var number = 0L;
        var offset = 0L;
        var isSkipping = false;
        try
        {
            while (true)
            {
                var read = await reader.ReadAsync(cancellationToken);
                var buffer = read.Buffer;
                while (TryCut(ref buffer, read.IsCompleted, out var entry))
                {
                    var end = offset + read.Buffer.Length - buffer.Length;
                    if (isSkipping)
                    {
                        isSkipping = false;
                        continue;
                    }

                    number++;
                    if (!IsBlank(entry))
                    {
                        yield return Parse(number, entry, end);
                    }
                }

                if (buffer.Length > EntryBytesMax)
                {
                    if (format == OperationFormat.Binary)
                    {
                        // Lines begin anew after a line feed; a wrong length leaves no place to begin anew
                        // at.
                        var fault = $"it is longer than {EntryBytesMax} bytes; what follows is not read";
                        yield return new(number + 1, null, fault, offset);
                        yield break;
                    }

                    if (!isSkipping)
                    {
                        number++;
                        isSkipping = true;
                        yield return new(number, null, $"it is longer than {EntryBytesMax} bytes", offset);
                    }

                    buffer = buffer.Slice(buffer.End);
                }

                offset += read.Buffer.Length - buffer.Length;
                reader.AdvanceTo(buffer.Start, buffer.End);
                if (read.IsCompleted)
                {
                    if (!buffer.IsEmpty && !isSkipping)
                    {
                        yield return new(number + 1, null, "the file ends in the middle of it", offset);
                    }

                    yield break;
                }
            }
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }

    private FileStream Open() => new(Path, new FileStreamOptions
    {
        Access = FileAccess.Read,
        BufferSize = 0,
        Options = FileOptions.SequentialScan | FileOptions.Asynchronous,
    });

    private bool TryCut(ref ReadOnlySequence<byte> buffer, bool isLast, out ReadOnlySequence<byte> entry)
        => format == OperationFormat.Jsonl
            ? TryCutLine(ref buffer, isLast, out entry)
            : TryCutCounted(ref buffer, out entry);

    private static bool TryCutLine(
        ref ReadOnlySequence<byte> buffer, bool isLast, out ReadOnlySequence<byte> entry)
    {
        if (buffer.PositionOf((byte)'\n') is { } end)
        {
            entry = buffer.Slice(0, end);
            buffer = buffer.Slice(buffer.GetPosition(1, end));
            return true;
        }

        // The last line may lack its line feed.
        entry = isLast ? buffer : default;
        var any = isLast && !buffer.IsEmpty && buffer.Length <= EntryBytesMax;
        buffer = any ? buffer.Slice(buffer.End) : buffer;
        return any;
    }

    private static bool TryCutCounted(ref ReadOnlySequence<byte> buffer, out ReadOnlySequence<byte> entry)
    {
        entry = default;
        Span<byte> head = stackalloc byte[LengthBytes];
        if (buffer.Length < LengthBytes)
        {
            return false;
        }

        buffer.Slice(0, LengthBytes).CopyTo(head);
        var length = BinaryPrimitives.ReadUInt32BigEndian(head);
        if (buffer.Length - LengthBytes < length)
        {
            return false;
        }

        entry = buffer.Slice(LengthBytes, length);
        buffer = buffer.Slice(LengthBytes + length);
        return true;
    }

    private NumberedOperation Parse(long number, in ReadOnlySequence<byte> entry, long end)
    {
        var bytes = entry.IsSingleSegment ? entry.First : entry.ToArray();
        var (operation, fault) = format == OperationFormat.Jsonl
            ? OperationLine.Parse(bytes.Span)
            : BinaryOperation.Parse(bytes.Span);
        fault ??= operation is null ? null : OperationRules.FaultIn(operation);
        return new(number, fault is null ? operation : null, fault, end);
    }

    private bool IsBlank(in ReadOnlySequence<byte> entry)
    {
        if (format != OperationFormat.Jsonl)
        {
            return false;
        }

        foreach (var segment in entry)
        {
            if (segment.Span.ContainsAnyExcept(" \t\r"u8))
            {
                return false;
            }
        }

        return true;
    }
}
