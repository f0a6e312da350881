using System.Globalization;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Storage;

namespace Ledger.Node.Sync;

/// <summary>
/// The snapshots that a node keeps for others: the last two, so that who has begun with one can finish while
/// the next is made. One caller adds, any number read.
/// </summary>
internal sealed class SnapshotShelf : IDisposable
{
    private const int Kept = 2;
    private const string Suffix = ".snapshot";
    private const string Unfinished = ".new";

    private readonly Lock _lock = new();
    private readonly string _folder;
    private readonly SortedDictionary<Height, SnapshotFile> _files = [];
    private SnapshotEntry? _latest;

    public SnapshotShelf(string dataFolder)
    {
        _folder = Path.Combine(dataFolder, DataFolder.SnapshotsName);
        Directory.CreateDirectory(_folder);
        foreach (var path in Directory.EnumerateFiles(_folder))
        {
            // What a crash has left, or a disk has damaged, goes: the next one is made anyway.
            if (path.EndsWith(Unfinished, StringComparison.Ordinal)
                || (path.EndsWith(Suffix, StringComparison.Ordinal) && !TryOpen(path)))
            {
                File.Delete(path);
            }
        }

        Settle();
    }

    /// <summary>The highest; null while there is none.</summary>
    public SnapshotEntry? Latest => Volatile.Read(ref _latest);

    public string PathOf(Height height)
        => Path.Combine(_folder, height.Value.ToString("D20", CultureInfo.InvariantCulture) + Suffix);

    public bool Holds(Height height)
    {
        lock (_lock)
        {
            return _files.ContainsKey(height);
        }
    }

    /// <summary>
    /// Takes up a file that was written where <see cref="PathOf"/> says, and lets the oldest go.
    /// </summary>
    public void Add(Height height)
    {
        lock (_lock)
        {
            _files[height] = SnapshotFile.Open(PathOf(height));
            Settle();
        }
    }

    /// <returns>Nothing when there is no such snapshot, or it cannot be read.</returns>
    public ReadOnlyMemory<byte> Read(Height height, Func<SnapshotFile, ReadOnlyMemory<byte>> read)
    {
        // A read is short, and a file must not be closed meanwhile.
        lock (_lock)
        {
            try
            {
                return _files.TryGetValue(height, out var file) ? read(file) : ReadOnlyMemory<byte>.Empty;
            }
            catch (SnapshotException)
            {
                return ReadOnlyMemory<byte>.Empty;
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var file in _files.Values)
            {
                file.Dispose();
            }

            _files.Clear();
        }
    }

    private bool TryOpen(string path)
    {
        try
        {
            var file = SnapshotFile.Open(path);
            _files[file.Manifest.Height] = file;
            return true;
        }
        catch (SnapshotException)
        {
            return false;
        }
    }

    private void Settle()
    {
        while (_files.Count > Kept)
        {
            var (height, file) = _files.First();
            _files.Remove(height);
            file.Dispose();
            File.Delete(file.Path);
        }

        if (_files.Count > 0)
        {
            var (height, file) = _files.Last();
            Volatile.Write(ref _latest, new(
                height, file.Manifest.ContentHash(), file.EncodedManifest.Length, file.Manifest.ChunkBytes));
        }
    }
}

/// <summary>What there is to say of a snapshot before anybody fetches it.</summary>
internal sealed record SnapshotEntry(Height Height, Digest Content, int ManifestBytes, long Bytes);
