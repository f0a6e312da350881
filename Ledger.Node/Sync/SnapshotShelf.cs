using System.Globalization;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Storage;

namespace Ledger.Node.Sync;

/// <summary>
/// The snapshots that a node keeps for others: the last two, and older ones that somebody is busy with. A
/// snapshot is worth nothing without the blocks after it, so those after <see cref="Oldest"/> are kept as
/// well. One caller adds, any number read.
/// </summary>
internal sealed class SnapshotShelf : IDisposable
{
    /// <summary>Who has begun with one can finish while the next is made.</summary>
    private const int Kept = 2;

    /// <summary>Of those that would have gone, but for somebody's use.</summary>
    private const int HeldMax = 2;

    private const string Suffix = ".snapshot";
    private const string Unfinished = ".new";

    /// <summary>
    /// After being asked for a piece of a snapshot, or for a block above it, it counts as used for so long:
    /// who has fetched it restarts with it before it asks for blocks.
    /// </summary>
    public static readonly TimeSpan UseLasts = TimeSpan.FromMinutes(2);

    /// <summary>
    /// From its making on a snapshot is held for others no longer than this: one that asks for ever must not
    /// fill the disk.
    /// </summary>
    public static readonly TimeSpan HeldAtMost = TimeSpan.FromHours(6);

    private readonly Lock _lock = new();
    private readonly string _folder;
    private readonly TimeProvider _clock;
    private readonly SortedDictionary<Height, Shelved> _files = [];
    private SnapshotEntry? _latest;

    public SnapshotShelf(string dataFolder, TimeProvider clock)
    {
        _clock = clock;
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

    /// <summary>The lowest; blocks above it are wanted by who begins with it.</summary>
    public Height? Oldest
    {
        get
        {
            lock (_lock)
            {
                return _files.Count > 0 ? _files.First().Key : null;
            }
        }
    }

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
            Put(SnapshotFile.Open(PathOf(height)));
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
                if (!_files.TryGetValue(height, out var shelved))
                {
                    return ReadOnlyMemory<byte>.Empty;
                }

                shelved.Used = _clock.GetTimestamp();
                return read(shelved.File);
            }
            catch (SnapshotException)
            {
                return ReadOnlyMemory<byte>.Empty;
            }
        }
    }

    /// <summary>
    /// Somebody needs the blocks from here on: it may have begun with the snapshot below them.
    /// </summary>
    public void Needs(Height next)
    {
        lock (_lock)
        {
            var below = _files.Where(file => file.Key < next).Select(file => file.Value).LastOrDefault();
            below?.Used = _clock.GetTimestamp();
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var shelved in _files.Values)
            {
                shelved.File.Dispose();
            }

            _files.Clear();
        }
    }

    private bool TryOpen(string path)
    {
        try
        {
            Put(SnapshotFile.Open(path));
            return true;
        }
        catch (SnapshotException)
        {
            return false;
        }
    }

    private void Put(SnapshotFile file)
        => _files[file.Manifest.Height] = new(file, _clock.GetTimestamp());

    private void Settle()
    {
        var held = 0;
        foreach (var (height, shelved) in _files.SkipLast(Kept).ToList())
        {
            // Of too many the lowest stay: who began first is nearest to its end.
            if (IsInUse(shelved) && held < HeldMax)
            {
                held++;
                continue;
            }

            _files.Remove(height);
            shelved.File.Dispose();
            File.Delete(shelved.File.Path);
        }

        if (_files.Count > 0)
        {
            var (height, shelved) = _files.Last();
            var manifest = shelved.File.Manifest;
            Volatile.Write(ref _latest, new(
                height, manifest.ContentHash(), shelved.File.EncodedManifest.Length, manifest.ChunkBytes));
        }
    }

    private bool IsInUse(Shelved shelved)
        => shelved.Used is { } used && _clock.GetElapsedTime(used) < UseLasts
            && _clock.GetElapsedTime(shelved.Since) < HeldAtMost;

    /// <param name="file">Open until it is taken off the shelf.</param>
    /// <param name="since">When it came, as a time stamp of the clock.</param>
    private sealed class Shelved(SnapshotFile file, long since)
    {
        public SnapshotFile File { get; } = file;

        public long Since { get; } = since;

        /// <summary>When it was last asked for; never, if null.</summary>
        public long? Used { get; set; }
    }
}

/// <summary>What there is to say of a snapshot before anybody fetches it.</summary>
internal sealed record SnapshotEntry(Height Height, Digest Content, int ManifestBytes, long Bytes);
