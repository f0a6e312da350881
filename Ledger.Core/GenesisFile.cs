using System.Text.Json;
using System.Text.Json.Serialization;
using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>A genesis file that cannot be used; its message lists everything that is wrong with it.</summary>
public sealed class GenesisException(IReadOnlyList<string> faults)
    : Exception("The genesis file is not valid: " + string.Join("; ", faults));

/// <summary>The genesis as a JSON file for people. Strict: what it does not know, it refuses.</summary>
public static class GenesisFile
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        WriteIndented = true,
    };

    public static string Write(Genesis genesis) => JsonSerializer.Serialize(
        new Document(
            genesis.ChainId,
            genesis.Mode == ConsensusMode.Pbft ? "pbft" : "raft",
            genesis.Time.UnixMilliseconds,
            [.. genesis.Validators.Members.Select(v => new Member(v.Name, v.PublicKey.ToString()))],
            [.. genesis.Roles.Select(Describe)]),
        Json);

    /// <exception cref="GenesisException">With every fault, each named by its path.</exception>
    public static Genesis Parse(string json)
    {
        Document document;
        try
        {
            document = JsonSerializer.Deserialize<Document>(json, Json) ?? throw new GenesisException(["it is empty"]);
        }
        catch (JsonException exception)
        {
            throw new GenesisException([exception.Message]);
        }

        List<string> faults = [];
        var mode = document.Mode switch
        {
            "pbft" => ConsensusMode.Pbft,
            "raft" => ConsensusMode.Raft,
            _ => default,
        };
        Check(mode != default, "mode: 'pbft' or 'raft'");
        Check(IsChainId(document.ChainId), "chainId: 1 to 64 characters of a-z, 0-9, '-'");
        Check(document.Validators?.Count is > 0 and <= Limits.Validators, $"validators: 1 to {Limits.Validators}");
        var validators = (document.Validators ?? []).Select(ReadMember).ToList();
        Check(validators.Select(v => v.PublicKey).Distinct().Count() == validators.Count, "validators: a key twice");
        Check(validators.Select(v => v.Name).Distinct().Count() == validators.Count, "validators: a name twice");
        var roles = (document.Roles ?? []).Select(ReadRole).ToList();
        Check(roles.Exists(role => role.Role == Role.Admin), "roles: nobody is admin");
        return faults.Count == 0
            ? new(document.ChainId!, mode, new(document.Time), validators, roles)
            : throw new GenesisException(faults);

        void Check(bool holds, string fault)
        {
            if (!holds)
            {
                faults.Add(fault);
            }
        }

        Validator ReadMember(Member member, int index)
        {
            Check(member.Name is { Length: > 0 and <= 64 }, $"validators[{index}].name: 1 to 64 characters");
            Check(
                PublicKey.TryParse(member.PublicKey, out var key),
                $"validators[{index}].publicKey: 64 hexadecimal digits");
            return new(member.Name ?? "", key);
        }

        GenesisRole ReadRole(AccountRole role, int index)
        {
            Check(PublicKey.TryParse(role.Account, out var account), $"roles[{index}].account: 64 hexadecimal digits");
            Check(
                Enum.TryParse<Role>(role.Role, ignoreCase: true, out var parsed) && Enum.IsDefined(parsed),
                $"roles[{index}].role: admin, issuer, writer or reader");
            var @namespace = role.Namespace ?? "";
            var scoped = parsed is Role.Writer or Role.Reader;
            Check(
                scoped
                    ? @namespace == TransactionRules.AnyNamespace || TransactionRules.IsName(@namespace)
                    : @namespace.Length == 0,
                $"roles[{index}].namespace: a name or '*' for writer and reader, none for admin and issuer");
            return new(account, parsed, @namespace);
        }
    }

    private static AccountRole Describe(GenesisRole role) => new(
        role.Account.ToString(),
        role.Role.ToString().ToLowerInvariant(),
        role.Namespace.Length == 0 ? null : role.Namespace);

    private static bool IsChainId(string? text)
        => text is { Length: > 0 and <= Limits.ChainIdBytes }
            && text.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-');

    private sealed record Document(
        string? ChainId, string? Mode, long Time, IReadOnlyList<Member>? Validators, IReadOnlyList<AccountRole>? Roles);

    private sealed record Member(string? Name, string? PublicKey);

    private sealed record AccountRole(
        string? Account,
        string? Role,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Namespace);
}
