namespace Ledger.Crypto;

/// <summary>
/// Reads a file that ought to be small. Counts what comes, since a length that a file claims need not be
/// true, and some have no end.
/// </summary>
public static class BoundedFile
{
    private const int BufferBytes = 1 << 16;

    /// <returns>Null when there is more than <paramref name="bytesMax"/>.</returns>
    /// <exception cref="IOException">It is not there, a folder, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static byte[]? Read(string path, int bytesMax)
    {
        using var file = File.OpenRead(path);
        using MemoryStream read = new();
        var buffer = new byte[BufferBytes];
        int count;
        while ((count = file.Read(buffer)) > 0)
        {
            read.Write(buffer, 0, count);
            if (read.Length > bytesMax)
            {
                return null;
            }
        }

        return read.ToArray();
    }

    /// <summary>The same as text, without the mark that some editors put before it.</summary>
    /// <exception cref="IOException">It is also longer than <paramref name="bytesMax"/>.</exception>
    public static string ReadText(string path, int bytesMax)
    {
        var bytes = Read(path, bytesMax)
            ?? throw new IOException($"'{path}' is longer than {bytesMax} bytes.");
        using StreamReader reader = new(new MemoryStream(bytes));
        return reader.ReadToEnd();
    }
}
