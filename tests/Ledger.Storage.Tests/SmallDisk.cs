using System.Diagnostics;

namespace Ledger.Storage.Tests;

/// <summary>A disk of a few megabytes, in memory, that fills within a test.</summary>
internal sealed class SmallDisk : IDisposable
{
    private const string Size = "size=40m";
    private const string LargerSize = "remount,size=200m";

    private SmallDisk(string path)
    {
        Path = path;
    }

    public string Path { get; }

    /// <summary>Null where the test may not mount.</summary>
    public static SmallDisk? TryMount(string path)
    {
        Directory.CreateDirectory(path);
        return Environment.IsPrivilegedProcess && Run("mount", "-t", "tmpfs", "-o", Size, "tmpfs", path)
            ? new(path)
            : null;
    }

    /// <summary>Takes all the space that is free, but for so many bytes.</summary>
    public void Fill(int left = 0)
    {
        using var ballast = File.OpenWrite(System.IO.Path.Combine(Path, "ballast"));
        try
        {
            for (var block = new byte[1 << 16]; ;)
            {
                ballast.Write(block);
                ballast.Flush();
            }
        }
        catch (IOException)
        {
            // Full, as wanted.
        }

        ballast.SetLength(ballast.Length - Math.Min(left, ballast.Length));
    }

    public void Grow() => Assert.True(Run("mount", "-o", LargerSize, Path));

    public void MakeReadOnly() => Assert.True(Run("mount", "-o", "remount,ro", Path));

    public void Dispose() => Run("umount", Path);

    private static bool Run(string program, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
