using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Ledger.Core;

/// <summary>
/// Values of the ledger as a person reads them. What others wrote is quoted, so that it cannot pass for our
/// words.
/// </summary>
internal static class Words
{
    private const long MsPerDay = 86_400_000;
    private const int ShownCharacters = 60;

    private static readonly int FirstDay = new DateOnly(1970, 1, 1).DayNumber;

    /// <summary>UTC, to the millisecond.</summary>
    public static string Of(Timestamp time)
    {
        var (days, ms) = Math.DivRem(time.UnixMilliseconds, MsPerDay);
        return days <= DateOnly.MaxValue.DayNumber - FirstDay && ms >= 0
            ? DateOnly.FromDayNumber(FirstDay + (int)days)
                .ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)
                + new TimeOnly(ms * TimeSpan.TicksPerMillisecond)
                    .ToString(" HH:mm:ss.fff", CultureInfo.InvariantCulture)
                + "Z"
            : $"{time} ms";
    }

    public static string Of(Operation operation) => operation switch
    {
        Operation.Put put
            => $"put {Entry(put.Namespace, put.Key)} = {Of(put.Value.Span)}{Expecting(put.ExpectedVersion)}",
        Operation.Delete delete
            => $"delete {Entry(delete.Namespace, delete.Key)}{Expecting(delete.ExpectedVersion)}",
        Operation.DefineAsset define => $"define asset {define.Asset} with {define.Decimals} decimals",
        Operation.Issue issue => $"issue {issue.Amount} {issue.Asset} to {issue.To}",
        Operation.Transfer transfer => $"transfer {transfer.Amount} {transfer.Asset} to {transfer.To}",
        Operation.Burn burn => $"burn {burn.Amount} {burn.Asset}",
        Operation.Grant grant => $"grant {RoleOf(grant.Role, grant.Namespace)} to {grant.Account}",
        Operation.Revoke revoke => $"revoke {RoleOf(revoke.Role, revoke.Namespace)} from {revoke.Account}",
        Operation.AddValidator add => $"add {(add.IsWitness ? "witness" : "validator")} {add.Name} with "
        + $"key {add.Key} at {add.Address}",
        Operation.RemoveValidator remove => $"remove the validator with key {remove.Key}",
        Operation.PromoteValidator promote => $"let the validator with key {promote.Key} vote",
        Operation.Report report => $"report that {report.Evidence.Offence.Validator} voted twice at height "
            + $"{report.Evidence.Offence.Height} in view {report.Evidence.Offence.View}",
        _ => "an operation of a later version",
    };

    /// <summary>Text when it is text, shortened when it is long.</summary>
    public static string Of(ReadOnlySpan<byte> value)
    {
        if (!Utf8.IsValid(value) || value.Length == 0)
        {
            return value.Length == 0
                ? "nothing"
                : $"{value.Length} bytes, {Convert.ToHexStringLower(value[..Math.Min(value.Length, 16)])}...";
        }

        var text = Encoding.UTF8.GetString(value);
        return text.Length <= ShownCharacters
            ? Quoted(text) : $"{Quoted(text[..ShownCharacters])}... ({value.Length} bytes)";
    }

    public static string Entry(string @namespace, string key) => $"{@namespace}/{Quoted(key)}";

    /// <summary>What a state key stands for.</summary>
    public static string OfKey(byte[] stateKey) => StateKey.IsOfNamespace(stateKey)
        ? $"key {OfPrefix(stateKey)}"
        : $"state key {Convert.ToHexStringLower(stateKey)}";

    /// <summary>The beginning of a namespace's key, or all of it.</summary>
    public static string OfPrefix(byte[] stateKey)
    {
        var (@namespace, key) = StateKey.ParseEntry(stateKey);
        return Entry(@namespace, key);
    }

    /// <summary>A namespace's entry as its value and version, any other as it is encoded.</summary>
    public static string OfEntry(byte[] stateKey, byte[] value)
    {
        if (!StateKey.IsOfNamespace(stateKey))
        {
            return Convert.ToHexStringLower(value);
        }

        var entry = KeyEntry.Decode(value);
        return $"{Of(entry.Value.Span)} (version {entry.Version})";
    }

    public static string RoleOf(Role role, string @namespace)
        => role.ToString().ToLowerInvariant() + (@namespace.Length == 0 ? "" : $" in {@namespace}");

    /// <summary>Nothing that moves a cursor or turns text around reaches a terminal.</summary>
    private static string Quoted(string text)
    {
        StringBuilder quoted = new("'");
        foreach (var c in text)
        {
            var isPlain = !char.IsControl(c) && c != '\'' && c != '\\'
                && char.GetUnicodeCategory(c) is not (UnicodeCategory.Format or UnicodeCategory.LineSeparator
                    or UnicodeCategory.ParagraphSeparator);
            quoted.Append(isPlain ? c.ToString() : $"\\u{(int)c:x4}");
        }

        return quoted.Append('\'').ToString();
    }

    private static string Expecting(ulong? version) => version is null ? "" : $" if its version is {version}";
}
