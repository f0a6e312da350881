using MessagePack;

namespace Ledger.Core;

/// <summary>
/// The canonical encoding of an operation: [kind, fields...]. An optional version is one more field: present
/// or not, never nil.
/// </summary>
internal static class OperationCodec
{
    private enum Kind : byte
    {
        Put = 1,
        Delete = 2,
        DefineAsset = 3,
        Issue = 4,
        Transfer = 5,
        Burn = 6,
        Grant = 7,
        Revoke = 8,
        AddValidator = 9,
        RemoveValidator = 10,
        Report = 11,
        PromoteValidator = 12,
    }

    public static void Write(ref MessagePackWriter writer, Operation operation)
    {
        switch (operation)
        {
            case Operation.Put put:
                WriteHead(ref writer, Kind.Put, put.ExpectedVersion is null ? 3 : 4);
                writer.Write(put.Namespace);
                writer.Write(put.Key);
                writer.Write(put.Value.Span);
                WriteVersion(ref writer, put.ExpectedVersion);
                break;
            case Operation.Delete delete:
                WriteHead(ref writer, Kind.Delete, delete.ExpectedVersion is null ? 2 : 3);
                writer.Write(delete.Namespace);
                writer.Write(delete.Key);
                WriteVersion(ref writer, delete.ExpectedVersion);
                break;
            case Operation.DefineAsset define:
                WriteHead(ref writer, Kind.DefineAsset, 2);
                writer.Write(define.Asset);
                writer.Write(define.Decimals);
                break;
            case Operation.Issue issue:
                WriteHead(ref writer, Kind.Issue, 3);
                writer.Write(issue.Asset);
                Fields.WriteKey(ref writer, issue.To);
                writer.Write(issue.Amount.Value);
                break;
            case Operation.Transfer transfer:
                WriteHead(ref writer, Kind.Transfer, 3);
                writer.Write(transfer.Asset);
                Fields.WriteKey(ref writer, transfer.To);
                writer.Write(transfer.Amount.Value);
                break;
            case Operation.Burn burn:
                WriteHead(ref writer, Kind.Burn, 2);
                writer.Write(burn.Asset);
                writer.Write(burn.Amount.Value);
                break;
            case Operation.Grant grant:
                WriteHead(ref writer, Kind.Grant, 3);
                Fields.WriteKey(ref writer, grant.Account);
                writer.Write((byte)grant.Role);
                writer.Write(grant.Namespace);
                break;
            case Operation.Revoke revoke:
                WriteHead(ref writer, Kind.Revoke, 3);
                Fields.WriteKey(ref writer, revoke.Account);
                writer.Write((byte)revoke.Role);
                writer.Write(revoke.Namespace);
                break;
            case Operation.AddValidator add:
                WriteHead(ref writer, Kind.AddValidator, add.IsWitness ? 4 : 3);
                writer.Write(add.Name);
                Fields.WriteKey(ref writer, add.Key);
                writer.Write(add.Address);
                if (add.IsWitness)
                {
                    writer.Write(true);
                }

                break;
            case Operation.RemoveValidator remove:
                WriteHead(ref writer, Kind.RemoveValidator, 1);
                Fields.WriteKey(ref writer, remove.Key);
                break;
            case Operation.PromoteValidator promote:
                WriteHead(ref writer, Kind.PromoteValidator, 1);
                Fields.WriteKey(ref writer, promote.Key);
                break;
            case Operation.Report report:
                WriteHead(ref writer, Kind.Report, 1);
                Evidence.Write(ref writer, report.Evidence);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(operation), "An operation of no known kind.");
        }
    }

    public static Operation Read(ref MessagePackReader reader)
    {
        var fields = reader.ReadArrayHeader() - 1;
        var kind = (Kind)reader.ReadByte();
        return (kind, fields) switch
        {
            (Kind.Put, 3 or 4) => new Operation.Put(
                ReadName(ref reader, "namespace"), ReadKeyText(ref reader),
                Fields.ReadBytes(ref reader, Limits.ValueBytes, "value"), ReadVersion(
                    ref reader, fields == 4)),
            (Kind.Delete, 2 or 3) => new Operation.Delete(
                ReadName(ref reader, "namespace"), ReadKeyText(ref reader), ReadVersion(
                    ref reader, fields == 3)),
            (Kind.DefineAsset, 2)
                => new Operation.DefineAsset(ReadName(ref reader, "asset"), reader.ReadByte()),
            (Kind.Issue, 3) => new Operation.Issue(
                ReadName(ref reader, "asset"), Fields.ReadKey(ref reader), new(reader.ReadUInt64())),
            (Kind.Transfer, 3) => new Operation.Transfer(
                ReadName(ref reader, "asset"), Fields.ReadKey(ref reader), new(reader.ReadUInt64())),
            (Kind.Burn, 2) => new Operation.Burn(ReadName(ref reader, "asset"), new(reader.ReadUInt64())),
            (Kind.Grant, 3) => new Operation.Grant(
                Fields.ReadKey(ref reader), ReadRole(ref reader), ReadName(ref reader, "namespace")),
            (Kind.Revoke, 3) => new Operation.Revoke(
                Fields.ReadKey(ref reader), ReadRole(ref reader), ReadName(ref reader, "namespace")),
            (Kind.AddValidator, 3 or 4) => new Operation.AddValidator(
                ReadName(ref reader, "name"), Fields.ReadKey(ref reader),
                Fields.ReadText(ref reader, Limits.AddressBytes, "address"), ReadWitness(
                    ref reader, fields == 4)),
            (Kind.RemoveValidator, 1) => new Operation.RemoveValidator(Fields.ReadKey(ref reader)),
            (Kind.PromoteValidator, 1) => new Operation.PromoteValidator(Fields.ReadKey(ref reader)),
            (Kind.Report, 1) => new Operation.Report(Evidence.Read(ref reader)),
            _ => throw new MalformedException($"no operation has kind {(byte)kind} with {fields} fields"),
        };
    }

    /// <summary>One who keeps blocks has the shorter form, and no other.</summary>
    private static bool ReadWitness(ref MessagePackReader reader, bool isGiven)
        => isGiven && (reader.ReadBoolean()
            ? true : throw new MalformedException("witness is left out where it is false"));

    private static void WriteHead(ref MessagePackWriter writer, Kind kind, int fields)
    {
        writer.WriteArrayHeader(fields + 1);
        writer.Write((byte)kind);
    }

    private static void WriteVersion(ref MessagePackWriter writer, ulong? version)
    {
        if (version is { } expected)
        {
            writer.Write(expected);
        }
    }

    private static ulong? ReadVersion(ref MessagePackReader reader, bool present)
        => present ? reader.ReadUInt64() : null;

    private static string ReadName(ref MessagePackReader reader, string what)
        => Fields.ReadText(ref reader, Limits.NameBytes, what);

    private static string ReadKeyText(ref MessagePackReader reader)
        => Fields.ReadText(ref reader, Limits.KeyBytes, "key");

    private static Role ReadRole(ref MessagePackReader reader)
    {
        var role = (Role)reader.ReadByte();
        return role is >= Role.Admin and <= Role.Reader
            ? role
            : throw new MalformedException($"no role has number {(byte)role}");
    }
}
