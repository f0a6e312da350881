using System.Text.Json;
using System.Text.Json.Serialization;
using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>A genesis file that cannot be used; its message lists everything that is wrong with it.</summary>
public sealed class GenesisException(IReadOnlyList<string> faults)
    : Exception("The genesis file is not valid: " + string.Join("; ", faults))
{
    /// <summary>One for each fault: its path in the file, and what should stand there.</summary>
    public IReadOnlyList<string> Faults { get; } = faults;
}

/// <summary>
/// The genesis as a JSON file for people. Strict: what it does not know it refuses, since a setting that one
/// validator overlooks is another chain.
/// </summary>
public static class GenesisFile
{
    /// <summary>No genesis file is longer: every validator and every role that one may name fits.</summary>
    public const int BytesMax = 64 << 20;

    /// <summary>The last millisecond of the year 9999: far from where adding a day would overflow.</summary>
    private const long TimeMax = 253_402_300_799_999;

    /// <summary>Roles that a genesis file may give; further ones are granted on the chain.</summary>
    private const int RolesMax = 65_536;

    private const string Record = "record";
    private const string Suspend = "suspend";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
    };

    public static string Write(Genesis genesis) => JsonSerializer.Serialize(
        new Document(
            genesis.ChainId,
            genesis.Mode == ConsensusMode.Pbft ? "pbft" : "raft",
            genesis.Time.UnixMilliseconds,
            [.. genesis.Validators.Members.Select(
                v => new Member(v.Name, v.PublicKey.ToString(), v.IsWitness ? true : null))],
            [.. genesis.Roles.Select(Describe)],
            genesis.Evidence == EvidencePolicy.Suspend ? Suspend : null),
        Json);

    /// <exception cref="GenesisException">With every fault, each named by its path.</exception>
    public static Genesis Parse(string json)
    {
        List<string> faults = [];
        try
        {
            using var document = JsonDocument.Parse(json);
            return Read(document.RootElement, faults) ?? throw new GenesisException(faults);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The latter is half a surrogate pair: well-formed JSON, but no text.
            throw new GenesisException([exception.Message]);
        }
    }

    private static Genesis? Read(JsonElement root, List<string> faults)
    {
        StrictObject file = new(
            root, "", ["chainId", "mode", "time", "validators", "roles", "evidence"], faults);
        var chainId = file.Text(
            "chainId", $"1 to {Limits.ChainIdBytes} characters of a-z, 0-9, '-'", IsChainId);
        var mode = file.Text("mode", "'pbft' or 'raft'", text => text is "pbft" or "raft");
        var time = file.Number("time", "milliseconds since 1970, not beyond the year 9999", TimeMax);
        var validators = ReadValidators(file, mode, faults);
        var roles = ReadRoles(file, faults);
        var evidence = ReadEvidence(file, mode, faults);
        return faults.Count > 0
            ? null
            : new(chainId, mode == "pbft"
                ? ConsensusMode.Pbft : ConsensusMode.Raft, new(time), validators, roles, evidence);
    }

    /// <summary>May be left out, which is the same as "record".</summary>
    private static EvidencePolicy ReadEvidence(StrictObject file, string mode, List<string> faults)
    {
        var suspends = file.Has("evidence")
            && file.Text("evidence", "'record' or 'suspend'", text => text is Record or Suspend) == Suspend;
        if (suspends && mode == "raft")
        {
            faults.Add("evidence: 'record' in mode 'raft', whose validators are trusted not to lie");
        }

        return suspends ? EvidencePolicy.Suspend : EvidencePolicy.Record;
    }

    private static List<Validator> ReadValidators(StrictObject file, string mode, List<string> faults)
    {
        List<Validator> validators = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        HashSet<PublicKey> keys = [];
        foreach (var (element, path) in file.Items(
            "validators", $"1 to {Limits.Validators}", 1, Limits.Validators))
        {
            StrictObject member = new(element, path, ["name", "publicKey", "witness"], faults);
            var name = member.Text("name", "1 to 64 characters, no control characters", IsValidatorName);
            var key = ReadKey(member, "publicKey");
            if (name.Length > 0 && !names.Add(name))
            {
                faults.Add($"{member.PathOf("name")}: another validator has this name");
            }

            if (key is not null && !keys.Add(key.Value))
            {
                faults.Add($"{member.PathOf("publicKey")}: another validator has this key");
            }

            if (key is not null && Validator.FaultIn(key.Value) is { } weak)
            {
                faults.Add($"{member.PathOf("publicKey")}: {weak}");
            }

            var isWitness = member.Flag("witness");
            if (isWitness && mode == "pbft")
            {
                faults.Add($"{member.PathOf("witness")}: not in mode 'pbft', where who votes must have "
                    + "executed the block");
            }

            validators.Add(new(name, key ?? default, IsWitness: isWitness));
        }

        if (validators.Count > 0 && validators.TrueForAll(validator => validator.IsWitness))
        {
            faults.Add("validators: all are witnesses, and one at least must keep blocks");
        }

        return validators;
    }

    private static List<GenesisRole> ReadRoles(StrictObject file, List<string> faults)
    {
        List<GenesisRole> roles = [];
        HashSet<GenesisRole> seen = [];
        foreach (
            var (element, path) in file.Items("roles", "a list of roles, an admin among them", 0, RolesMax))
        {
            StrictObject entry = new(element, path, ["account", "role", "namespace"], faults);
            var account = ReadKey(entry, "account");
            var role = RoleOf(
                entry.Text("role", "admin, issuer, writer or reader", text => RoleOf(text) != default));
            var @namespace = entry.OptionalText(
                "namespace", "a name or '*' for writer and reader, none for admin and issuer",
                text => role == default || TransactionRules.IsScope(role, text));
            GenesisRole given = new(account ?? default, role, @namespace);
            if (account is not null && role != default && !seen.Add(given))
            {
                faults.Add($"{path}: the account has this role already");
            }

            roles.Add(given);
        }

        if (!roles.Exists(role => role.Role == Role.Admin))
        {
            faults.Add("roles: nobody is admin");
        }

        return roles;
    }

    private static PublicKey? ReadKey(StrictObject entry, string key)
    {
        var hex = entry.Text(key, "64 hexadecimal digits", text => PublicKey.TryParse(text, out _));
        return PublicKey.TryParse(hex, out var parsed) ? parsed : null;
    }

    private static Role RoleOf(string text) => text switch
    {
        "admin" => Role.Admin,
        "issuer" => Role.Issuer,
        "writer" => Role.Writer,
        "reader" => Role.Reader,
        _ => default,
    };

    private static AccountRole Describe(GenesisRole role) => new(
        role.Account.ToString(),
        role.Role.ToString().ToLowerInvariant(),
        role.Namespace.Length == 0 ? null : role.Namespace);

    private static bool IsChainId(string text)
        => text.Length is > 0 and <= Limits.ChainIdBytes
            && text.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-');

    private static bool IsValidatorName(string text)
        => text.Length is > 0 and <= 64 && !text.Any(char.IsControl);

    private sealed record Document(
        string ChainId,
        string Mode,
        long Time,
        IReadOnlyList<Member> Validators,
        IReadOnlyList<AccountRole> Roles,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Evidence);

    private sealed record Member(
        string Name,
        string PublicKey,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Witness);

    private sealed record AccountRole(
        string Account,
        string Role,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Namespace);
}
