using System.Buffers.Binary;
using Ledger.Core;
using Ledger.Crypto;
using Microsoft.Win32.SafeHandles;

namespace Ledger.Storage;

/// <summary>
/// One snapshot as one file: a mark, the chunks, the manifest, and at the end where the manifest is and its
/// hash. What was cut off has no end, so half a file is never taken for a whole one. Any number of threads
/// may read.
/// </summary>
public sealed class SnapshotFile : IDisposable
{
    private const int FooterBytes = sizeof(ulong) + sizeof(int) + Digest.Size;
    private const int MarkBytes = 16;

    private const UnixFileMode Permissions
        = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly SafeFileHandle _handle;
    private readonly long[] _offsets;

    private SnapshotFile(
        string path, SafeFileHandle handle, SnapshotManifest manifest, ReadOnlyMemory<byte> encoded)
    {
        Path = path;
        _handle = handle;
        Manifest = manifest;
        EncodedManifest = encoded;
        _offsets = new long[manifest.ChunkCount + 1];
        _offsets[0] = MarkBytes;
        for (var i = 0; i < manifest.ChunkCount; i++)
        {
            _offsets[i + 1] = _offsets[i] + manifest.ChunkAt(i).Bytes;
        }
    }

    private static ReadOnlySpan<byte> Mark => "LEDGER-SNAPSHOT1"u8;

    public string Path { get; }

    /// <summary>Read, and not yet checked against a genesis.</summary>
    public SnapshotManifest Manifest { get; }

    public ReadOnlyMemory<byte> EncodedManifest { get; }

    /// <exception cref="SnapshotException">It is no snapshot, cut off, damaged, or of a newer
    /// version.</exception>
    public static SnapshotFile Open(string path)
    {
        SafeFileHandle? handle = null;
        try
        {
            handle = File.OpenHandle(path, options: FileOptions.RandomAccess);
            return Open(path, handle);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            handle?.Dispose();
            throw new SnapshotException($"the snapshot {path} cannot be read ({failure.Message})", failure);
        }
        catch
        {
            handle?.Dispose();
            throw;
        }
    }

    /// <summary>Begins a new file beside its final name.</summary>
    internal static Writer Create(string path) => new(System.IO.Path.GetFullPath(path));

    /// <summary>A chunk as it lies in the file.</summary>
    /// <exception cref="SnapshotException">It cannot be read, or is not what the manifest names.</exception>
    public byte[] ReadChunk(int index)
    {
        try
        {
            var chunk = Read(_handle, _offsets[index], Manifest.ChunkAt(index).Bytes);
            return ChunkId.Of(chunk) == Manifest.ChunkAt(index)
                ? chunk
                : throw Damaged(
                    $"the snapshot {Path} is damaged: chunk {index}, the bytes from {_offsets[index]} to "
                    + $"{_offsets[index + 1] - 1}, is not what the manifest names");
        }
        catch (IOException failure)
        {
            throw new SnapshotException($"the snapshot {Path} cannot be read ({failure.Message})", failure);
        }
    }

    public void Dispose() => _handle.Dispose();

    private static SnapshotFile Open(string path, SafeFileHandle handle)
    {
        var length = RandomAccess.GetLength(handle);
        var mark = Read(handle, 0, (int)Math.Min(length, MarkBytes));
        if (!mark.AsSpan().SequenceEqual(Mark))
        {
            throw Damaged(mark.Length == MarkBytes && mark.AsSpan(0, MarkBytes - 1).SequenceEqual(Mark[..^1])
                ? $"the snapshot {path} is of version {(char)mark[^1]}, and this program knows version 1: "
                    + "a newer one reads it"
                : $"{path} is no snapshot");
        }

        if (length < MarkBytes + FooterBytes)
        {
            throw Torn(path);
        }

        var footer = Read(handle, length - FooterBytes, FooterBytes);
        var at = BinaryPrimitives.ReadUInt64BigEndian(footer);
        var bytes = BinaryPrimitives.ReadInt32BigEndian(footer.AsSpan(sizeof(ulong)));
        if (bytes is <= 0 or > SnapshotLimits.ManifestBytes || at != (ulong)(length - FooterBytes - bytes))
        {
            throw Torn(path);
        }

        var encoded = Read(handle, (long)at, bytes);
        if (Sha256.Hash(encoded) != new Digest(footer.AsSpan(sizeof(ulong) + sizeof(int))))
        {
            throw Torn(path);
        }

        if (!SnapshotManifest.TryDecode(encoded, out var manifest, out var fault))
        {
            throw Damaged($"the snapshot {path} has no valid manifest: {fault}");
        }

        return manifest.ChunkBytes == (long)at - MarkBytes
            ? new(path, handle, manifest, encoded)
            : throw Damaged($"the snapshot {path} does not hold the chunks that its manifest names");
    }

    private static SnapshotException Torn(string path)
        => Damaged($"the snapshot {path} is cut off or damaged: it does not end in a manifest");

    private static SnapshotException Damaged(string what) => new(what) { IsDamage = true };

    private static byte[] Read(SafeFileHandle handle, long offset, int count)
    {
        var bytes = new byte[count];
        for (var done = 0; done < count;)
        {
            var read = RandomAccess.Read(handle, bytes.AsSpan(done), offset + done);
            done += read > 0 ? read : throw new IOException("it ends too early");
        }

        return bytes;
    }

    /// <summary>
    /// Takes chunk after chunk under a temporary name; nothing has the final name until all is on the disk.
    /// </summary>
    internal sealed class Writer : IDisposable
    {
        private readonly string _path;
        private readonly string _temporary;
        private readonly FileStream _stream;

        public Writer(string path)
        {
            _path = path;
            _temporary = $"{path}.{Environment.ProcessId}.new";
            if (File.Exists(path))
            {
                throw new SnapshotException($"{path} exists already and is not overwritten");
            }

            _stream = Guard(() => new FileStream(
                _temporary,
                new FileStreamOptions
                {
                    Mode = FileMode.Create,
                    Access = FileAccess.Write,
                    UnixCreateMode = Permissions
                }));
            Guard(() => _stream.Write(Mark));
        }

        public void Add(byte[] chunk)
        {
            Invariant.Holds(chunk.Length <= SnapshotLimits.ChunkBytesMax, "a chunk fits one frame");
            Guard(() => _stream.Write(chunk));
        }

        public void Finish(SnapshotManifest manifest) => Guard(() =>
        {
            var encoded = manifest.Encode();
            var footer = new byte[FooterBytes];
            BinaryPrimitives.WriteUInt64BigEndian(footer, (ulong)_stream.Position);
            BinaryPrimitives.WriteInt32BigEndian(footer.AsSpan(sizeof(ulong)), encoded.Length);
            Sha256.Hash(encoded).CopyTo(footer.AsSpan(sizeof(ulong) + sizeof(int)));
            _stream.Write(encoded);
            _stream.Write(footer);
            DurableFile.Sync(_stream);
            _stream.Dispose();
            File.Move(_temporary, _path);
            DurableFile.SyncFolder(System.IO.Path.GetDirectoryName(_path)!);
        });

        public void Dispose()
        {
            try
            {
                _stream.Dispose();
            }
            catch (IOException)
            {
                // What it still held does not fit the disk: whoever wrote was told, and the file goes.
            }

            File.Delete(_temporary);
        }

        private void Guard(Action write) => Guard(() =>
        {
            write();
            return 0;
        });

        private T Guard<T>(Func<T> write)
        {
            try
            {
                return write();
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw new SnapshotException(
                    $"the snapshot {_path} cannot be written ({failure.Message})", failure);
            }
        }
    }
}
