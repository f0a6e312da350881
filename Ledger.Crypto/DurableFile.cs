using System.Runtime.InteropServices;

namespace Ledger.Crypto;

/// <summary>
/// Writes a small file so that after a crash there is the old one or the new one, never half of it. The
/// framework's own flush does not report a failed sync on Linux, so this asks the system itself.
/// </summary>
public static partial class DurableFile
{
    private const int ReadOnly = 0;

    /// <summary>
    /// Writes and syncs a temporary file beside the target, renames it over the target, syncs the folder.
    /// </summary>
    /// <param name="path">The target; with <paramref name="replace"/> false it must not exist.</param>
    /// <param name="bytes">All of its content.</param>
    /// <param name="mode">Its permissions from the first moment on.</param>
    /// <param name="replace">Whether an existing file may be replaced.</param>
    /// <exception cref="IOException">It exists, or a write or sync failed: then the old file is as it
    /// was.</exception>
    public static void Write(string path, ReadOnlySpan<byte> bytes, UnixFileMode mode, bool replace)
    {
        var full = Path.GetFullPath(path);
        if (!replace && File.Exists(full))
        {
            throw new IOException($"{path} exists already and is not overwritten.");
        }

        var temporary = $"{full}.{Environment.ProcessId}.new";
        try
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                UnixCreateMode = mode,
            };
            using (var stream = new FileStream(temporary, options))
            {
                stream.Write(bytes);
                Sync(stream);
            }

            File.Move(temporary, full, overwrite: replace);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        SyncFolder(Path.GetDirectoryName(full)!);
    }

    /// <summary>Returns when the disk has all that was written to a file.</summary>
    /// <exception cref="IOException">It has not.</exception>
    public static void Sync(FileStream stream)
    {
        stream.Flush();
        Sync((int)stream.SafeFileHandle.DangerousGetHandle(), stream.Name);
    }

    /// <summary>Makes the names in a folder durable.</summary>
    public static void SyncFolder(string folder)
    {
        var descriptor = open(folder, ReadOnly);
        if (descriptor < 0)
        {
            throw new IOException($"{folder} cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}.");
        }

        try
        {
            Sync(descriptor, folder);
        }
        finally
        {
            _ = close(descriptor);
        }
    }

    private static void Sync(int descriptor, string what)
    {
        if (fsync(descriptor) != 0)
        {
            throw new IOException(
                $"{what} could not be synced to disk: {Marshal.GetLastPInvokeErrorMessage()}.");
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int descriptor);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int descriptor);
}
