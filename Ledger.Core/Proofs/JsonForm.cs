using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Ledger.Core;

/// <summary>The JSON form: bytes are lowercase hexadecimal, numbers are whole and at most 2^53 - 1.</summary>
internal sealed class JsonFieldWriter : IFieldWriter, IDisposable
{
    /// <summary>Beyond this, readers that hold numbers as doubles no longer tell them apart.</summary>
    public const ulong NumberMax = (1UL << 53) - 1;

    private readonly ArrayBufferWriter<byte> _buffer = new(4096);
    private readonly Utf8JsonWriter _json;

    public JsonFieldWriter()
        => _json = new(_buffer, new JsonWriterOptions { Indented = true, NewLine = "\n" });

    public byte[] ToArray()
    {
        _json.Flush();
        return [.. _buffer.WrittenSpan, (byte)'\n'];
    }

    public void Number(string name, ulong value)
    {
        Name(name);
        _json.WriteNumberValue(value);
    }

    public void Text(string name, string value)
    {
        Name(name);
        _json.WriteStringValue(value);
    }

    public void Bytes(string name, ReadOnlySpan<byte> value) => Text(name, Convert.ToHexStringLower(value));

    public void BeginRecord(string name, int fields)
    {
        Name(name);
        _json.WriteStartObject();
    }

    public void EndRecord() => _json.WriteEndObject();

    public void BeginList(string name, int count)
    {
        Name(name);
        _json.WriteStartArray();
    }

    public void EndList() => _json.WriteEndArray();

    public void Dispose() => _json.Dispose();

    private void Name(string name)
    {
        if (name.Length > 0)
        {
            _json.WritePropertyName(name);
        }
    }
}

/// <summary>
/// Reads the JSON form token by token. Only white space is free: an escape, another form of a number, an
/// upper-case digit, a member out of its place or twice is refused, so that no two readers can see different
/// things in one file.
/// </summary>
internal sealed class JsonFieldReader(ReadOnlyMemory<byte> json) : IFieldReader
{
    private ReadOnlyMemory<byte> _rest = json;
    private JsonReaderState _state = new(new JsonReaderOptions { MaxDepth = 16 });

    /// <summary>Nothing but white space may follow the value.</summary>
    public void MustEnd()
    {
        Utf8JsonReader reader = new(_rest.Span, isFinalBlock: true, _state);
        if (reader.Read())
        {
            throw new MalformedException("something follows the proof");
        }
    }

    public ulong Number(string name)
    {
        Name(name);
        var token = Next(name, JsonTokenType.Number);
        return ulong.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            && value <= JsonFieldWriter.NumberMax
            ? value
            : throw new MalformedException($"{FieldForms.NameOf(name)} is no whole number up to 2^53 - 1");
    }

    public string Text(string name)
    {
        Name(name);
        return Next(name, JsonTokenType.String);
    }

    public byte[] Bytes(string name, int max)
    {
        var text = Text(name);
        if (text.Length > 2 * (long)max)
        {
            throw new MalformedException($"{FieldForms.NameOf(name)} is longer than {max} bytes");
        }

        return text.Length % 2 == 0 && text.All(c => c is (>= '0' and <= '9') or (>= 'a' and <= 'f'))
            ? Convert.FromHexString(text)
            : throw new MalformedException($"{FieldForms.NameOf(name)} is not lowercase hexadecimal");
    }

    public T Record<T>(string name, int fields, Func<IFieldReader, T> read)
    {
        Name(name);
        Next(name, JsonTokenType.StartObject);
        var value = read(this);
        Next(name, JsonTokenType.EndObject);
        return value;
    }

    public T[] List<T>(string name, int max, Func<IFieldReader, T> read)
    {
        Name(name);
        Next(name, JsonTokenType.StartArray);
        List<T> items = [];
        while (Peek() != JsonTokenType.EndArray)
        {
            if (items.Count == max)
            {
                throw new MalformedException($"more than {max} items in {FieldForms.NameOf(name)}");
            }

            items.Add(read(this));
        }

        Next(name, JsonTokenType.EndArray);
        return [.. items];
    }

    private void Name(string name)
    {
        if (name.Length > 0)
        {
            var found = Next(name, JsonTokenType.PropertyName);
            if (found != name)
            {
                throw new MalformedException($"the member '{name}' is expected where '{found}' stands");
            }
        }
    }

    private JsonTokenType Peek()
    {
        Utf8JsonReader reader = new(_rest.Span, isFinalBlock: true, _state);
        reader.Read();
        return reader.TokenType;
    }

    /// <summary>The next token's text, which must be of this type.</summary>
    private string Next(string name, JsonTokenType expected)
    {
        Utf8JsonReader reader = new(_rest.Span, isFinalBlock: true, _state);
        if (!reader.Read() || reader.TokenType != expected || reader.ValueIsEscaped)
        {
            throw new MalformedException(expected == JsonTokenType.EndObject
                ? $"{FieldForms.NameOf(name)} has a member too many"
                : $"{FieldForms.NameOf(name)} is missing or not of the expected kind");
        }

        var text = expected switch
        {
            JsonTokenType.PropertyName or JsonTokenType.String => reader.GetString()!,
            JsonTokenType.Number => System.Text.Encoding.ASCII.GetString(reader.ValueSpan),
            _ => "",
        };
        _rest = _rest[(int)reader.BytesConsumed..];
        _state = reader.CurrentState;
        return text;
    }
}
