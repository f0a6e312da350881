using System.Buffers;
using MessagePack;

namespace Ledger.Core;

/// <summary>The MessagePack form: records and lists are arrays, names are left out.</summary>
internal sealed class MessagePackFieldWriter : IFieldWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new(2048);

    public byte[] ToArray() => _buffer.WrittenSpan.ToArray();

    public void Number(string name, ulong value)
    {
        MessagePackWriter writer = new(_buffer);
        writer.Write(value);
        writer.Flush();
    }

    public void Text(string name, string value)
    {
        MessagePackWriter writer = new(_buffer);
        writer.Write(value);
        writer.Flush();
    }

    public void Bytes(string name, ReadOnlySpan<byte> value)
    {
        MessagePackWriter writer = new(_buffer);
        writer.Write(value);
        writer.Flush();
    }

    public void BeginRecord(string name, int fields) => BeginList(name, fields);

    public void EndRecord()
    {
    }

    public void BeginList(string name, int count)
    {
        MessagePackWriter writer = new(_buffer);
        writer.WriteArrayHeader(count);
        writer.Flush();
    }

    public void EndList()
    {
    }
}

/// <summary>
/// Reads the MessagePack form. It accepts longer forms of the same values, as its reader does: whoever
/// decodes encodes again and compares.
/// </summary>
internal sealed class MessagePackFieldReader(ReadOnlyMemory<byte> encoded) : IFieldReader
{
    private const int TextBytes = 256;

    private ReadOnlyMemory<byte> _rest = encoded;

    public bool IsAtEnd => _rest.IsEmpty;

    public ulong Number(string name)
    {
        MessagePackReader reader = new(_rest);
        var value = reader.ReadUInt64();
        Advance(ref reader);
        return value;
    }

    public string Text(string name)
    {
        MessagePackReader reader = new(_rest);
        var value = Fields.ReadText(ref reader, TextBytes, FieldForms.NameOf(name));
        Advance(ref reader);
        return value;
    }

    public byte[] Bytes(string name, int max)
    {
        MessagePackReader reader = new(_rest);
        var value = Fields.ReadBytes(ref reader, max, FieldForms.NameOf(name));
        Advance(ref reader);
        return value;
    }

    public T Record<T>(string name, int fields, Func<IFieldReader, T> read)
    {
        MessagePackReader reader = new(_rest);
        Fields.ReadFixedArray(ref reader, fields, FieldForms.NameOf(name));
        Advance(ref reader);
        return read(this);
    }

    public T[] List<T>(string name, int max, Func<IFieldReader, T> read)
    {
        MessagePackReader reader = new(_rest);
        var count = Fields.ReadCount(ref reader, max, $"items in {FieldForms.NameOf(name)}");
        Advance(ref reader);
        List<T> items = [];
        for (var i = 0; i < count; i++)
        {
            items.Add(read(this));
        }

        return [.. items];
    }

    private void Advance(ref MessagePackReader reader) => _rest = _rest[(int)reader.Consumed..];
}
