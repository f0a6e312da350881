using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Ledger.Storage;

/// <summary>
/// Writes a small file so that it is there, whole, after a power cut, or throws. The framework's own flush swallows
/// what fsync reports, so fsync is called directly, on the file and on its folder.
/// </summary>
internal static partial class DurableFile
{
    /// <summary>O_RDONLY: enough to sync a folder.</summary>
    private const int ReadOnly = 0;

    /// <summary>Beside the file, until it has its name.</summary>
    private const string TemporarySuffix = ".tmp";

    public static void Write(string path, ReadOnlySpan<byte> contents)
    {
        var temporary = path + TemporarySuffix;
        using (var file = File.OpenHandle(temporary, FileMode.Create, FileAccess.Write))
        {
            RandomAccess.Write(file, contents, 0);
            Sync(file, temporary);
        }

        File.Move(temporary, path, overwrite: true);
        var folder = Path.GetDirectoryName(path)!;
        using var opened = Open(folder, ReadOnly);
        Sync(opened, folder);
    }

    private static void Sync(SafeFileHandle file, string path)
    {
        if (file.IsInvalid || FileSync(file) != 0)
        {
            throw new IOException($"{Marshal.GetLastPInvokeErrorMessage()} : '{path}'");
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FileSync(SafeFileHandle file);
}
