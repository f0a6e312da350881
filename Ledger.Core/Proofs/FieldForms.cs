namespace Ledger.Core;

/// <summary>
/// Writes the fields of a proof in their fixed order. A proof has one layout and two forms, JSON for people
/// and MessagePack for machines; both are written by the same calls and so cannot drift apart. Items of a
/// list have no name.
/// </summary>
internal interface IFieldWriter
{
    void Number(string name, ulong value);

    /// <summary>A word of a fixed vocabulary, or a name: printable ASCII without quotes.</summary>
    void Text(string name, string value);

    void Bytes(string name, ReadOnlySpan<byte> value);

    void BeginRecord(string name, int fields);

    void EndRecord();

    void BeginList(string name, int count);

    void EndList();
}

/// <summary>
/// Reads what an <see cref="IFieldWriter"/> wrote and nothing else: every member known, in its place, once,
/// none missing. Throws <see cref="MalformedException"/> with words.
/// </summary>
internal interface IFieldReader
{
    ulong Number(string name);

    string Text(string name);

    byte[] Bytes(string name, int max);

    T Record<T>(string name, int fields, Func<IFieldReader, T> read);

    T[] List<T>(string name, int max, Func<IFieldReader, T> read);
}

/// <summary>What layouts are made of beyond the bare fields.</summary>
internal static class FieldForms
{
    /// <summary>No name: an item of a list.</summary>
    public const string Item = "";

    public static void Digest(this IFieldWriter writer, string name, Crypto.Digest digest)
    {
        Span<byte> bytes = stackalloc byte[Crypto.Digest.Size];
        digest.CopyTo(bytes);
        writer.Bytes(name, bytes);
    }

    public static Crypto.Digest Digest(this IFieldReader reader, string name)
        => new(reader.Fixed(name, Crypto.Digest.Size));

    /// <summary>Exactly so many bytes.</summary>
    public static byte[] Fixed(this IFieldReader reader, string name, int size)
    {
        var bytes = reader.Bytes(name, size);
        return bytes.Length == size
            ? bytes
            : throw new MalformedException($"{NameOf(name)} has {bytes.Length} bytes and not {size}");
    }

    public static int SmallNumber(this IFieldReader reader, string name, int max)
    {
        var number = reader.Number(name);
        return number <= (ulong)max
            ? (int)number
            : throw new MalformedException($"{NameOf(name)} is {number}, at most {max} is possible");
    }

    public static string NameOf(string name) => name.Length == 0 ? "an item" : $"'{name}'";
}
