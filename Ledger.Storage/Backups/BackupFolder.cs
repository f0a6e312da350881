using System.Globalization;
using System.Security.Cryptography;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Storage;

/// <summary>
/// Backups of one ledger, made one after the other into one folder. Files are kept under their hashes, once
/// for all backups: a database never changes a file that it has finished, so the next backup adds only what
/// is new. A backup never holds a journal.
/// </summary>
public sealed class BackupFolder(string path)
{
    private const string ObjectsName = "objects";
    private const string ListsName = "backups";
    private const int NameHashDigits = 16;
    private const int CopyBytes = 1 << 20;

    private const UnixFileMode Permissions
        = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly string _objects = Path.Combine(Path.GetFullPath(path), ObjectsName);
    private readonly string _lists = Path.Combine(Path.GetFullPath(path), ListsName);

    /// <summary>The names of all backups, the latest last.</summary>
    public IReadOnlyList<string> Names
        => Directory.Exists(_lists)
            ? [.. Directory.EnumerateFiles(_lists, "*.json")
                .Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)]
            : [];

    /// <summary>Adds a backup of a checkpoint. There is all of it, or no backup of that name.</summary>
    /// <param name="checkpoint">A folder with a ledger that nobody changes.</param>
    /// <param name="genesis">The chain.</param>
    /// <param name="readHead">
    /// Reads the checkpoint's last block and what shows that it is final (null for the genesis block). Called
    /// once all files are copied: to open a database is to change its folder.
    /// </param>
    /// <param name="now">The time of the backup.</param>
    /// <returns>Its name, and how many bytes were new.</returns>
    /// <exception cref="BackupException">The disk does not take it.</exception>
    public (string Name, BackupManifest Manifest, long NewBytes) Add(
        string checkpoint, Genesis genesis, Func<(BlockHeader Head, FinalityProof? Finality)> readHead,
        DateTimeOffset now)
        => Guard(() =>
        {
            DataFolder.Make(_objects);
            DataFolder.Make(_lists);
            List<BackupFile> files = [];
            var added = 0L;
            foreach (var file in Directory.EnumerateFiles(Path.Combine(checkpoint, DataFolder.LedgerName))
                .Order(StringComparer.Ordinal))
            {
                var (entry, isNew) = Keep(file);
                files.Add(entry);
                added += isNew ? entry.Bytes : 0;
            }

            DurableFile.SyncFolder(_objects);
            var (head, finality) = readHead();
            BackupManifest manifest = new(
                BackupManifest.CurrentFormat, genesis.ChainId, genesis.Hash.ToString(),
                now.ToUnixTimeMilliseconds(),
                head.Height.Value, head.ComputeHash().ToString(),
                finality is null
                ? null : ProofFile.EncodeMessagePack(new HeadersProof(genesis.Hash, finality)), files);
            var bytes = manifest.Encode();
            var name = string.Create(
                CultureInfo.InvariantCulture,
                $"{head.Height.Value:D12}-{now.UtcDateTime:yyyyMMddTHHmmssfff}-{Sha256.Hash(bytes).ToString()[..NameHashDigits]}");
            DurableFile.Write(PathOf(name), bytes, Permissions, replace: false);
            return (name, manifest, added);
        });

    /// <summary>The list of a backup's files, known to be what was written.</summary>
    /// <exception cref="BackupException">There is none of that name, or it is damaged.</exception>
    public BackupManifest Read(string name) => Guard(() =>
    {
        if (!File.Exists(PathOf(name)))
        {
            throw new BackupException($"there is no backup {name} in {path}");
        }

        var bytes = File.ReadAllBytes(PathOf(name));
        return name.EndsWith("-" + Sha256.Hash(bytes).ToString()[..NameHashDigits], StringComparison.Ordinal)
            ? BackupManifest.Decode(PathOf(name), bytes)
            : throw BackupException.Damaged(
                $"the backup {PathOf(name)} is damaged: it is not what was written");
    });

    /// <summary>Reads all of a backup's files.</summary>
    /// <returns>The first that is missing or damaged, in words; null when all are as they were.</returns>
    public string? FaultIn(
        BackupManifest manifest, Action<long, long> progress, CancellationToken cancellationToken)
        => Guard(() =>
        {
            var done = 0L;
            foreach (var file in manifest.Files)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!File.Exists(ObjectOf(file)))
                {
                    return $"file {file.Name} is missing ({ObjectOf(file)})";
                }

                using var stream = File.OpenRead(ObjectOf(file));
                if (stream.Length != file.Bytes
                    || Convert.ToHexStringLower(SHA256.HashData(stream)) != file.Hash)
                {
                    return $"file {file.Name} is damaged ({ObjectOf(file)})";
                }

                progress(done += file.Bytes, manifest.Bytes);
            }

            return null;
        });

    /// <summary>
    /// Puts a backup's ledger into a data folder that holds none. Each file is checked on the way, then the
    /// ledger opened and held against what the backup says it is.
    /// </summary>
    /// <exception cref="BackupException">It is damaged, or the disk does not take it: nothing is in
    /// place.</exception>
    public void Restore(
        BackupManifest manifest, string root, Genesis genesis, Action<long, long> progress,
        CancellationToken cancellationToken)
        => Guard(() =>
        {
            IncomingLedger.Discard(root);
            var incoming = Path.Combine(root, DataFolder.IncomingName);
            DataFolder.Make(incoming);
            var done = 0L;
            foreach (var file in manifest.Files)
            {
                cancellationToken.ThrowIfCancellationRequested();
                CopyOut(file, incoming);
                progress(done += file.Bytes, manifest.Bytes);
            }

            DurableFile.SyncFolder(incoming);
            MustBe(manifest, incoming, genesis);
            IncomingLedger.PutInPlace(root);
            return 0;
        });

    private string PathOf(string name) => Path.Combine(_lists, name + ".json");

    private string ObjectOf(BackupFile file) => Path.Combine(_objects, file.Hash);

    private (BackupFile File, bool IsNew) Keep(string source)
    {
        using var from = File.OpenRead(source);
        var hash = Convert.ToHexStringLower(SHA256.HashData(from));
        BackupFile file = new(Path.GetFileName(source), from.Length, hash);
        var target = ObjectOf(file);
        if (File.Exists(target) && new FileInfo(target).Length == file.Bytes)
        {
            return (file, false);
        }

        from.Position = 0;
        var temporary = $"{target}.{Environment.ProcessId}.new";
        try
        {
            Copy(from, temporary, hash, source);
            File.Move(temporary, target, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }

        return (file, true);
    }

    private void CopyOut(BackupFile file, string folder)
    {
        if (!File.Exists(ObjectOf(file)))
        {
            throw BackupException.Damaged($"the backup lacks its file {file.Name} ({ObjectOf(file)})");
        }

        using var from = File.OpenRead(ObjectOf(file));
        Copy(from, Path.Combine(folder, file.Name), file.Hash, file.Name);
    }

    private static void Copy(FileStream from, string target, string hash, string name)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using FileStream to = new(
            target, new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                UnixCreateMode = Permissions
            });
        var buffer = new byte[CopyBytes];
        for (int read; (read = from.Read(buffer)) > 0;)
        {
            digest.AppendData(buffer, 0, read);
            to.Write(buffer, 0, read);
        }

        DurableFile.Sync(to);
        if (Convert.ToHexStringLower(digest.GetHashAndReset()) != hash)
        {
            throw BackupException.Damaged($"the file {name} is damaged");
        }
    }

    private static void MustBe(BackupManifest manifest, string folder, Genesis genesis)
    {
        var families = Families.Open(folder, StorageOptions.Default);
        try
        {
            LedgerReader reader = new(families, new());
            var head = reader.ReadHead();
            if (reader.ReadIdentity() != new StoreIdentity(genesis.Hash, genesis.ChainId)
                || head is null || head.Height.Value != manifest.Height
                    || head.ComputeHash().ToString() != manifest.Head)
            {
                throw BackupException.Damaged("the ledger in it is not the one that it says");
            }
        }
        finally
        {
            families.Database.Dispose();
        }
    }

    private T Guard<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new BackupException($"{failure.Message.TrimEnd('.')} (backups in {path})", failure);
        }
        catch (Exception failure) when (failure is DataFolderException or DamagedDataException)
        {
            throw new BackupException(failure.Message.TrimEnd('.'), failure);
        }
    }
}
