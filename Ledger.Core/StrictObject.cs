using System.Text.Json;

namespace Ledger.Core;

/// <summary>
/// One object of a file that people write: every key known, each once, none missing. Faults are collected
/// with their paths instead of thrown, so that one look at the file mends all of them.
/// </summary>
internal sealed class StrictObject
{
    private readonly Dictionary<string, JsonElement> _values = new(StringComparer.Ordinal);
    private readonly List<string> _faults;
    private readonly string _path;

    public StrictObject(JsonElement element, string path, ReadOnlySpan<string> known, List<string> faults)
    {
        _path = path;
        _faults = faults;
        if (element.ValueKind != JsonValueKind.Object)
        {
            faults.Add($"{(path.Length == 0 ? "the file" : path)}: an object");
            return;
        }

        foreach (var property in element.EnumerateObject())
        {
            if (!known.Contains(property.Name))
            {
                faults.Add($"{PathOf(property.Name)}: not a known key");
            }
            else if (!_values.TryAdd(property.Name, property.Value))
            {
                faults.Add($"{PathOf(property.Name)}: the key stands twice");
            }
        }
    }

    public string PathOf(string key) => _path.Length == 0 ? key : $"{_path}.{key}";

    public bool Has(string key) => _values.ContainsKey(key);

    /// <summary>
    /// A text that must satisfy <paramref name="holds"/>; empty when it does not or is missing.
    /// </summary>
    public string Text(string key, string rule, Func<string, bool> holds)
    {
        var text = _values.TryGetValue(key, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : null;
        if (text is not null && holds(text))
        {
            return text;
        }

        _faults.Add($"{PathOf(key)}: {rule}");
        return "";
    }

    /// <summary>A text that may be left out, which is the same as empty.</summary>
    public string OptionalText(string key, string rule, Func<string, bool> holds)
    {
        if (_values.ContainsKey(key))
        {
            return Text(key, rule, holds);
        }

        if (!holds(""))
        {
            _faults.Add($"{PathOf(key)}: {rule}");
        }

        return "";
    }

    /// <summary>True or false; what is left out is false.</summary>
    public bool Flag(string key)
    {
        if (!_values.TryGetValue(key, out var value))
        {
            return false;
        }

        if (value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            _faults.Add($"{PathOf(key)}: true or false");
        }

        return value.ValueKind == JsonValueKind.True;
    }

    public long Number(string key, string rule, long max)
    {
        if (_values.TryGetValue(key, out var value) && value.ValueKind == JsonValueKind.Number
            && value.TryGetInt64(out var number) && number >= 0 && number <= max)
        {
            return number;
        }

        _faults.Add($"{PathOf(key)}: {rule}");
        return 0;
    }

    /// <summary>The items of a list with their paths; none when it is missing or no list.</summary>
    public IReadOnlyList<(JsonElement Element, string Path)> Items(string key, string rule, int min, int max)
    {
        if (!_values.TryGetValue(key, out var value) || value.ValueKind != JsonValueKind.Array
            || value.GetArrayLength() < min || value.GetArrayLength() > max)
        {
            _faults.Add($"{PathOf(key)}: {rule}");
            return [];
        }

        return [.. value.EnumerateArray().Select((element, index) => (element, $"{PathOf(key)}[{index}]"))];
    }
}
